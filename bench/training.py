"""How fast members train: the textbook loop, our engines, and the machine's matrix products.

``python -m bench.training`` measures for some minutes and prints a report (``make bench`` writes it
to ``bench/RESULTS.md``); ``python -m bench.training --quick`` ends within 50 s, and its last line
holds the three ratios that matter.

A machine is never quiet: what is compared is measured in turns, and ratios are medians over the
turns. A cycle is 2 critic updates and 1 generator update of one member at the settings of the
paper's re-training, in float32.
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from evenomics.gan.engines.base import Training
from evenomics.gan.engines.cpu import ADAM_ROWS
from evenomics.gan.networks import Architecture, initial_weights
from evenomics.gan.run import TrainingRun
from evenomics.gan.settings import GanSettings

SETTINGS = GanSettings()
HIDDEN = SETTINGS.networks.hidden
N_FEATURES = 150
BATCHES = (10, 20, 30)
# of a member in training, beside its buffers: see docs/costs.md
BYTES_PER_PARAMETER = 36

#: runs so many cycles
Contender = Callable[[int], object]
#: cycles per second of every contender, one per round
Rates = dict[str, list[float]]


def make_run(
    batch: int, n_features: int = N_FEATURES, hidden: tuple[int, ...] = HIDDEN
) -> TrainingRun:
    """Make a member of the paper's re-training: six batches of samples an epoch."""
    rng = np.random.default_rng(0)
    retraining, choice = SETTINGS.retraining, SETTINGS.choice
    return TrainingRun(
        name="benchmark",
        samples=rng.normal(size=(6 * batch, n_features)),
        held_out=np.empty((0, n_features)),
        start=initial_weights(n_features, hidden, rng),
        key=0,
        epochs=retraining.epochs_1,
        batch_size=batch,
        learning_rate=1e-4,
        alpha=1.0,
        critic_updates=retraining.critic_updates,
        dropout=retraining.dropout,
        generator_dropout=SETTINGS.networks.generator_dropout,
        loss=SETTINGS.loss,
        eval_every=choice.eval_every,
        keep="above",
        curve=choice.curve,
        threshold=choice.threshold,
    )


def members(n: int, batch: int = 10) -> list[TrainingRun]:
    """Make members that differ in their random numbers only."""
    return [replace(make_run(batch), key=key) for key in range(n)]


def engine(name: str, trained: Sequence[TrainingRun], threads: int = 1) -> Contender:
    """Train members for so many cycles each, by one of our engines."""

    def run(n_cycles: int) -> None:
        cycles_per_epoch = trained[0].updates_per_epoch / trained[0].critic_updates
        n_epochs = round(n_cycles / cycles_per_epoch)
        Training(engine=name, threads=threads).train([replace(m, epochs=n_epochs) for m in trained])

    return run


def textbook(member: TrainingRun) -> Contender:
    """Train a member as a tutorial would: autograd for everything, double backward included."""
    torch.manual_seed(0)
    start = member.start

    def network(architecture: Architecture, dropout: float) -> nn.Sequential:
        parts: list[nn.Module] = []
        for layer in architecture.layers:
            parts += [nn.Linear(layer.n_in, layer.n_out), nn.SELU(), nn.AlphaDropout(dropout)]
        return nn.Sequential(*(p for p in parts[:-2] if getattr(p, "p", None) != 0.0))

    generator = network(start.generator_architecture, member.generator_dropout)
    critic = network(start.critic_architecture, member.dropout)
    rate, betas = member.learning_rate, member.loss.adam_betas
    generator_adam = torch.optim.Adam(generator.parameters(), rate, betas)
    critic_adam = torch.optim.Adam(critic.parameters(), rate, betas)
    samples = torch.as_tensor(member.samples, dtype=torch.float32)
    batch, p = member.batch, start.n_features

    def batches() -> Iterable[Tensor]:
        while True:
            yield from samples[torch.randperm(len(samples))].split(batch)

    def update_critic(real: Tensor) -> None:
        with torch.no_grad():
            fake = generator(torch.randn(batch, p))
        t = torch.rand(batch, 1)
        between = (t * real + (1 - t) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = member.loss.gradient_penalty * ((slope.norm(dim=1) - 1) ** 2).mean()
        critic_adam.zero_grad()
        (critic(fake).mean() - critic(real).mean() + penalty).backward()
        critic_adam.step()

    def update_generator() -> None:
        fake = generator(torch.randn(batch, p))
        generator_adam.zero_grad()
        (-critic(fake).mean() - member.alpha * torch.log(fake.norm())).backward()
        generator_adam.step()

    def run(n_cycles: int) -> None:
        stream = iter(batches())
        for _ in range(n_cycles):
            for _ in range(member.critic_updates):
                update_critic(next(stream))
            update_generator()

    return run


def products(member: TrainingRun) -> list[tuple[int, int, int]]:
    """List the matrix products of one cycle as (m, k, n), as the closed form needs them."""
    b = member.batch
    generator = [(layer.n_in, layer.n_out) for layer in member.start.generator_architecture.layers]
    critic = [(layer.n_in, layer.n_out) for layer in member.start.critic_architecture.layers[:-1]]
    run = [(b, n_in, n_out) for n_in, n_out in generator]
    of_critic = list(run)
    for index, (n_in, n_out) in enumerate(critic):
        # forward, the input gradient, the penalty's way up, the weight gradient
        of_critic += [(3 * b, n_in, n_out), ((3 if index else 1) * b, n_out, n_in)]
        of_critic += [(b, n_in, n_out), (n_in, 4 * b, n_out)]
        if index:  # the penalty's way down
            of_critic.append((b, n_out, n_in))
    of_generator = list(run)
    for n_in, n_out in critic:
        of_generator += [(b, n_in, n_out), (b, n_out, n_in)]
    for index, (n_in, n_out) in enumerate(generator):
        of_generator += [(n_in, b, n_out)] + [(b, n_out, n_in)] * bool(index)
    return of_critic * member.critic_updates + of_generator


def n_flops(member: TrainingRun) -> int:
    """Floating-point operations of one cycle's matrix products."""
    return sum(2 * m * k * n for m, k, n in products(member))


def sgemm(shapes: Iterable[tuple[int, int, int]]) -> Contender:
    """Compute nothing but float32 matrix products of these shapes, by NumPy's BLAS."""
    rng = np.random.default_rng(0)
    operands = [
        (
            rng.normal(size=(m, k)).astype(np.float32),
            rng.normal(size=(k, n)).astype(np.float32),
            np.empty((m, n), np.float32),
        )
        for m, k, n in shapes
    ]

    def run(n_cycles: int) -> None:
        for _ in range(n_cycles):
            for a, b, out in operands:
                np.dot(a, b, out)

    return run


def rates(
    contenders: Mapping[str, Contender], seconds: float, rounds: int, until: float = math.inf
) -> Rates:
    """Measure cycles per second, the contenders in turns.

    Parameters
    ----------
    contenders : mapping of str to Contender
    seconds : float
        About how long a contender runs in a round.
    rounds : int
    until : float
        Value of `time.perf_counter` after which no round begins, but for the first three.

    Returns
    -------
    dict of str to list of float
        One rate per round.
    """
    n_cycles = {}
    measured: Rates = {name: [] for name in contenders}
    for name, run in contenders.items():
        run(12)  # compile, allocate, fill the caches
        n_cycles[name] = max(6, round(seconds / _seconds(run, 12) * 12))
    for index in range(rounds):
        if index >= 3 and time.perf_counter() > until:
            break
        for name, run in contenders.items():
            measured[name].append(n_cycles[name] / _seconds(run, n_cycles[name]))
    return measured


def _seconds(run: Contender, n_cycles: int) -> float:
    started = time.perf_counter()
    run(n_cycles)
    return time.perf_counter() - started


def ratio(measured: Rates, of: str, to: str) -> float:
    """Median over the rounds of one contender's rate over another's."""
    return statistics.median(a / b for a, b in zip(measured[of], measured[to], strict=True))


class Metered:
    """A contender that knows how many cores it got on a machine that others use as well."""

    def __init__(self, run: Contender) -> None:
        self.run = run
        self.seconds = self.cpu_seconds = 0.0

    def __call__(self, n_cycles: int) -> None:
        """Run so many cycles."""
        cpu_began = time.process_time()
        self.seconds += _seconds(self.run, n_cycles)
        self.cpu_seconds += time.process_time() - cpu_began

    def __str__(self) -> str:
        """Return the average number of cores."""
        return f"{self.cpu_seconds / self.seconds:.1f}"


def quick(seconds: float = 36.0) -> str:
    """Measure the three ratios that matter and return them as one line."""
    until = time.perf_counter() + seconds
    contenders: dict[str, Contender] = {}
    for batch in (10, 30):
        member = make_run(batch)
        contenders[f"textbook {batch}"] = textbook(member)
        contenders[f"cpu {batch}"] = engine("cpu", [member])
    pair = members(2)
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
    yield "# Training\n"
    yield f"{machine()}\n"
    yield (
        f"Rates are medians over {rounds} turns. A cycle is 2 critic updates and 1 generator "
        f"update of one member (hidden layers {HIDDEN}, float32); p = {N_FEATURES} where nothing "
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
        one, stack = [make_run(batch)], members(8, batch)
        contenders = {
            "textbook loop": textbook(one[0]),
            "torch engine, 8 members": engine("torch", stack),
            "cpu engine": engine("cpu", one),
            "its matrix products alone": sgemm(products(one[0])),
        }
        measured = rates(contenders, seconds, rounds)
        measured["torch engine, 8 members"] = [8 * x for x in measured["torch engine, 8 members"]]
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
    many = members(max(workers))
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
    """Measure how the engines gain from many members."""
    sizes = {"cpu": (1, 8), "torch": (1, 2, 4, 8)}
    if torch.cuda.is_available():
        sizes["cuda"] = (1, 16, 64, 256, 1024)
    contenders = {f"{name} {k}": engine(name, members(k)) for name, ks in sizes.items() for k in ks}
    measured = rates(contenders, seconds, rounds)
    yield "## Members at a time, batch 10, one thread\n"
    yield markdown(
        ("engine", "members", "cycles / s, all members"),
        [
            (name, k, f"{k * statistics.median(measured[f'{name} {k}']):.0f}")
            for name, ks in sizes.items()
            for k in ks
        ],
    )
    yield ""


def costs(seconds: float, rounds: int) -> Iterable[str]:
    """Check the cost model by features, batch, layers and members (docs/costs.md)."""
    table = []
    base = peak_memory(2, 2, (2,))
    cases = [(p, b, HIDDEN, 1) for p, b in ((150, 10), (150, 30), (1000, 10), (1000, 30))]
    cases += [(5000, 20, HIDDEN, 1), (20000, 20, HIDDEN, 1), (20000, 20, HIDDEN, 4)]
    cases += [(5000, 20, (200, 400, 800), 1), (20000, 64, (10,), 1)]
    for p, batch, hidden, n_runs in cases:
        member = make_run(batch, p, hidden)
        n_parameters = member.start.generator.size + member.start.critic.size
        rate = statistics.median(rates({"": engine("cpu", [member])}, seconds, rounds)[""])
        measured = peak_memory(p, batch, hidden, n_runs) - base
        table.append(
            (
                p,
                batch,
                "-".join(map(str, hidden)),
                n_runs,
                f"{n_parameters:,}",
                f"{rate:.1f}",
                f"{1e9 / rate / n_parameters / (ADAM_ROWS + batch):.2f}",
                f"{measured / 2**20:.0f}",
                f"{model_memory(member) / 2**20:.0f}",
            )
        )
    yield "## Costs: the model of docs/costs.md\n"
    yield markdown(
        ("p", "batch", "layers", "members", "parameters", "cycles / s of one",
         f"ns / parameter / (batch + {ADAM_ROWS})", "memory (MiB)", "model (MiB)"),
        table,
    )  # fmt: skip
    yield (
        "\nOne thread, with checkpoints. Memory is the peak of a process beyond that of one that "
        "trains next to nothing.\n"
    )


def model_memory(member: TrainingRun) -> int:
    """Bytes that a thread needs to train members like this one, whatever their number."""
    start = member.start
    parameters = BYTES_PER_PARAMETER * (start.generator.size + start.critic.size)
    inputs = [
        sum(layer.n_in for layer in architecture.layers)
        for architecture in (start.critic_architecture, start.generator_architecture)
    ]
    return parameters + 4 * member.batch * (13 * inputs[0] + 4 * inputs[1])


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
    n_cycles = max(6, round(seconds / _seconds(loop, 12) * 12))
    measured: Rates = {"textbook loop": [], "CTGAN": []}
    preparations = []
    for _ in range(rounds):
        measured["textbook loop"].append(n_cycles / _seconds(loop, n_cycles))
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
    """Train members of a single batch an epoch in a fresh process; return its peak in bytes."""
    code = (
        "from tempfile import TemporaryDirectory\n"
        "from bench.training import *\n"
        f"m = make_run({batch}, {n_features}, {hidden})\n"
        f"m = replace(m, samples=m.samples[:{batch}].copy(), epochs={n_epochs})\n"
        "with TemporaryDirectory() as folder:\n"
        "    training = Training(engine='cpu', checkpoints=Path(folder))\n"
        f"    training.train([replace(m, key=key) for key in range({n_runs})])\n"
        "print(peak_memory_here())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout)


def peak_memory_here() -> int:
    """Return the peak memory of this process in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, getrusage counts what the parent had when it forked
        (peak,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def machine() -> str:
    """Describe the machine, the date and the versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].split(":")[1].strip() if names else model
    if torch.cuda.is_available():
        model += f", {torch.cuda.get_device_name()}"
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("numpy", "numba", "scipy", "torch")
    )
    return (
        f"{datetime.date.today()}, {model}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the start; {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a table."""
    return "\n".join(markdown_row(row) for row in (header, ["---"] * len(header), *rows))


def markdown_row(row: Iterable[object]) -> str:
    """Format a row of a table."""
    return f"| {' | '.join(map(str, row))} |"


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
