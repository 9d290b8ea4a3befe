"""How fast GANs train: the textbook loop, our engines, and the machine's matrix products.

``python -m bench.training`` measures for some minutes and prints a report (``make bench`` writes it
to ``bench/RESULTS.md``); ``python -m bench.training --quick`` ends within 50 s, and its last line
holds the three ratios that matter.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.contenders import (
    HIDDEN,
    N_FEATURES,
    engine,
    make_run,
    make_runs,
    n_flops,
    products,
    sgemm,
    textbook,
)
from bench.harness import Contender, Measured, Metered, markdown, opening, rates, ratio, seconds_of
from evenomics.config.costs import Runs
from evenomics.gan.run import ADAM_ROWS, TrainingRun

BATCHES = (10, 20, 30)


def quick(seconds: float = 36.0) -> str:
    """Measure the three ratios that matter and return them as one line."""
    until = time.perf_counter() + seconds
    contenders: dict[str, Contender] = {}
    for batch in (10, 30):
        run = make_run(batch)
        contenders[f"textbook {batch}"] = textbook(run)
        contenders[f"cpu {batch}"] = engine("cpu", [run])
    pair = make_runs(2)
    contenders |= {f"{n} workers": Metered(engine("cpu", pair, n)) for n in (1, 2)}
    measured = rates(contenders, seconds=0.4, rounds=100, until=until)
    for name, values in measured.items():
        print(f"{name:12s} {statistics.median(values):7.1f} cycles/s, {len(values)} rounds")
    print(f"2 workers got {contenders['2 workers']} cores")
    return (
        f"ratio_batch10={ratio(measured, 'cpu 10', 'textbook 10'):.2f} "
        f"ratio_batch30={ratio(measured, 'cpu 30', 'textbook 30'):.2f} "
        f"ratio_2core={ratio(measured, '2 workers', '1 workers'):.2f}"
    )


def report(seconds: float, rounds: int) -> Iterable[str]:
    """Measure everything; yield the parts of a Markdown text."""
    yield opening("Training")
    yield (
        f"Rates are medians over {rounds} turns. A cycle is 2 critic updates and 1 generator "
        f"update of one run (hidden layers {HIDDEN}, float32); p = {N_FEATURES} where nothing "
        "else is said. Written by `make bench`.\n"
    )
    yield from engines(seconds, rounds)
    yield from cores(seconds, rounds)
    yield from stacks(seconds, rounds)
    yield from costs(seconds, rounds)
    yield from epochs()
    yield from ctgan(seconds)
    yield f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."


def engines(seconds: float, rounds: int) -> Iterable[str]:
    """Compare the textbook loop, our engines and bare matrix products, on one core."""
    peak = statistics.median(rates({"": sgemm([(768, 768, 768)])}, seconds, rounds)[""])
    peak *= 2 * 768**3
    table = []
    for batch in BATCHES:
        one, stack = [make_run(batch)], make_runs(8, batch)
        contenders = {
            "textbook loop": textbook(one[0]),
            "torch engine, 8 runs": engine("torch", stack),
            "cpu engine": engine("cpu", one),
            "its matrix products alone": sgemm(products(one[0])),
        }
        measured = rates(contenders, seconds, rounds)
        measured["torch engine, 8 runs"] = [8 * x for x in measured["torch engine, 8 runs"]]
        for name in contenders:
            rate = statistics.median(measured[name])
            of_products = ratio(measured, name, "its matrix products alone")
            table.append(
                (
                    batch,
                    name,
                    f"{rate:.0f}",
                    f"{ratio(measured, name, 'textbook loop'):.1f}",
                    f"{100 * of_products:.0f}%",
                    f"{100 * rate * n_flops(one[0]) / peak:.0f}%",
                )
            )
    yield "## Engines, one core\n"
    yield markdown(
        ("batch", "", "cycles / s", "times textbook", "of its products", "of peak sgemm"), table
    )
    yield (
        f"\nPeak sgemm, a product of order 768: {peak / 1e9:.0f} GFLOP/s. The textbook loop is "
        "nn.Sequential with SELU and alpha-dropout, `autograd.grad(create_graph=True)` and "
        "torch's Adam, on one thread.\n"
    )


def cores(seconds: float, rounds: int) -> Iterable[str]:
    """Measure how the CPU engine gains from workers."""
    n_cores = os.cpu_count() or 1
    workers = sorted({1, 2, *(2**k for k in range(2, n_cores.bit_length())), n_cores})
    many = make_runs(max(workers))
    contenders = {str(n): Metered(engine("cpu", many, n)) for n in workers}
    measured = rates(contenders, seconds, rounds)
    yield "## Workers of the CPU engine, batch 10\n"
    yield markdown(
        ("workers", "cycles / s", "times one", "cores got"),
        [
            (n, f"{len(many) * statistics.median(measured[str(n)]):.0f}",
             f"{ratio(measured, str(n), '1'):.2f}", contenders[str(n)])
            for n in workers
        ],
    )  # fmt: skip
    yield "\nCores that other jobs take are missing in the last column.\n"


def stacks(seconds: float, rounds: int) -> Iterable[str]:
    """Measure how the engines gain from many runs."""
    sizes = {"cpu": (1, 8), "torch": (1, 2, 4, 8)}
    contenders = {
        f"{name} {k}": engine(name, make_runs(k)) for name, ks in sizes.items() for k in ks
    }
    measured = rates(contenders, seconds, rounds)
    yield "## Runs at a time, batch 10, one thread\n"
    yield markdown(
        ("engine", "runs", "cycles / s, all runs"),
        [
            (name, k, f"{k * statistics.median(measured[f'{name} {k}']):.0f}")
            for name, ks in sizes.items()
            for k in ks
        ],
    )
    yield ""


def costs(seconds: float, rounds: int) -> Iterable[str]:
    """Check the cost model by features, batch, layers and runs (docs/costs.md)."""
    table = []
    base = peak_memory(2, 2, (2,))
    cases = [(p, b, HIDDEN, 1) for p, b in ((150, 10), (150, 30), (1000, 10), (1000, 30))]
    cases += [(5000, 20, HIDDEN, 1), (20000, 20, HIDDEN, 1), (20000, 20, HIDDEN, 4)]
    cases += [(5000, 20, (200, 400, 800), 1), (20000, 64, (10,), 1)]
    for p, batch, hidden, n_runs in cases:
        run = make_run(batch, p, hidden)
        n_parameters = run.start.generator.size + run.start.critic.size
        rate = statistics.median(rates({"": engine("cpu", [run])}, seconds, rounds)[""])
        measured = peak_memory(p, batch, hidden, n_runs) - base
        table.append(
            (
                p,
                batch,
                "-".join(map(str, hidden)),
                n_runs,
                f"{n_parameters:,}",
                f"{rate:.1f}",
                f"{1e9 / rate / run.work:.2f}",
                f"{measured / 2**20:.0f}",
                f"{model_memory(run) / 2**20:.0f}",
            )
        )
    yield "## Costs: the model of docs/costs.md\n"
    yield markdown(
        ("p", "batch", "layers", "runs", "parameters", "cycles / s of one",
         f"ns / parameter / (batch + {ADAM_ROWS})", "memory (MiB)", "model (MiB)"),
        table,
    )  # fmt: skip
    yield (
        "\nOne thread, with checkpoints. Memory is the peak of a process beyond that of one that "
        "trains next to nothing.\n"
    )


def model_memory(run: TrainingRun) -> float:
    """Bytes that a thread needs to train runs like this one, whatever their number."""
    return Runs(
        1, run.start.n_features, run.start.hidden, run.batch, run.epochs, run.n_updates,
        run.critic_updates, run.eval_every,
    ).thread_bytes  # fmt: skip


def epochs() -> Iterable[str]:
    """Check that memory is flat in the number of epochs."""
    yield "## Epochs: memory\n"
    yield markdown(
        ("epochs", "peak of the process (MiB)"),
        [(n, f"{peak_memory(N_FEATURES, 10, n_epochs=n) / 2**20:.0f}") for n in (200, 2000, 20000)],
    )
    yield ""


def ctgan(seconds: float, rounds: int = 3, n_epochs: int = 4) -> Iterable[str]:
    """Compare with CTGAN at its own defaults, where it is installed (the extra ``ctgan``)."""
    yield "## CTGAN\n"
    if importlib.util.find_spec("ctgan") is None:
        yield "Not measured: `.venv/bin/pip install -e '.[ctgan]'` installs it.\n"
        return
    batch, n_samples = 30, 300
    loop = textbook(make_run(batch))
    loop(12)
    n_cycles = max(6, round(seconds / seconds_of(loop, 12) * 12))
    measured: Measured = {"textbook loop": [], "CTGAN": []}
    preparations = []
    for _ in range(rounds):
        measured["textbook loop"].append(n_cycles / seconds_of(loop, n_cycles))
        preparation, rate = _ctgan_rate(batch, n_samples, n_epochs)
        measured["CTGAN"].append(rate)
        preparations.append(preparation)
    yield (
        f"{n_samples} samples, batch {batch}, 2 critic updates a generator update, one thread: "
        f"CTGAN {importlib.metadata.version('ctgan')} does "
        f"{statistics.median(measured['CTGAN']):.1f} cycles / s, the textbook loop "
        f"{ratio(measured, 'textbook loop', 'CTGAN'):.1f} times as many. Before it trains, it fits "
        f"mixture models to all features, which took {statistics.median(preparations):.0f} s and "
        "is not in these rates; its networks are larger (256, 256).\n"
    )


def _ctgan_rate(batch: int, n_samples: int, n_epochs: int) -> tuple[float, float]:
    """Train CTGAN; return the seconds before its first update, and cycles per second."""
    from ctgan import CTGAN

    n_calls = 3  # of the method below in a cycle: two critic updates, a generator update
    moments = []

    class Watched(CTGAN):
        def _apply_activate(self, data: Tensor) -> Tensor:
            moments.append(time.perf_counter())
            return super()._apply_activate(data)

    table = pd.DataFrame(np.random.default_rng(0).normal(size=(n_samples, N_FEATURES)))
    table.columns = [f"feature_{i}" for i in table]
    model = Watched(batch_size=batch, discriminator_steps=2, epochs=n_epochs, enable_gpu=False)
    begun = time.perf_counter()
    model.fit(table)
    cycles = moments[::n_calls]
    return moments[0] - begun, (len(cycles) - 1) / (cycles[-1] - cycles[0])


def peak_memory(
    n_features: int,
    batch: int,
    hidden: tuple[int, ...] = HIDDEN,
    n_runs: int = 1,
    n_epochs: int = 2,
) -> int:
    """Train runs of a single batch an epoch in a fresh process; return its peak in bytes."""
    code = (
        "from tempfile import TemporaryDirectory\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from bench.contenders import make_run\n"
        "from bench.harness import peak_memory_here\n"
        "from evenomics.gan.engines.base import Training\n"
        f"m = make_run({batch}, {n_features}, {hidden})\n"
        f"m = replace(m, samples=m.samples[:{batch}].copy(), epochs={n_epochs})\n"
        "with TemporaryDirectory() as folder:\n"
        "    training = Training(engine='cpu', checkpoints=Path(folder))\n"
        f"    training.train([replace(m, key=key) for key in range({n_runs})])\n"
        "print(peak_memory_here())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three ratios, within 50 s")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        if arguments.quick:
            print(quick())
        else:
            for part in report(seconds=1.0, rounds=7):
                print(part, flush=True)


if __name__ == "__main__":
    main()
