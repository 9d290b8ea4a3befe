"""How fast a GPU trains, against its machine's cores: ``python -m bench.gpu``, some minutes."""

import os
import statistics
from collections.abc import Iterable
from dataclasses import replace

import torch
from threadpoolctl import threadpool_limits

from bench.contenders import engine, make_run
from bench.harness import markdown, opening, ratio, steady_rates

#: features, and numbers of runs that train side by side
CASES = {150: (1, 8, 36, 216), 2000: (1, 8, 36), 20000: (1, 4, 11)}


def report(seconds: float, rounds: int) -> Iterable[str]:
    """Measure everything; yield the parts of a Markdown text."""
    n_cores = os.cpu_count() or 1
    yield opening("On a GPU")
    yield (
        f"Rates are medians over {rounds} turns. A cycle is 2 critic updates and 1 generator "
        "update of one run, batch 10, float32; those of all runs count, once the runs are under "
        "way. What comes before is the start: the GPU's graphs are recorded then. Memory is the "
        "device's, beside what CUDA itself takes. Written by `python -m bench.gpu`.\n"
    )
    yield markdown(
        ("p", "runs", "GPU, cycles / s", f"CPU, {n_cores} threads", "ratio", "GPU, ms a cycle",
         "start (s)", "memory (MiB)", "numbers a parameter"),
        [row(p, n, n_cores, seconds, rounds) for p, numbers in CASES.items() for n in numbers],
    )  # fmt: skip


def row(n_features: int, n: int, n_cores: int, seconds: float, rounds: int) -> tuple[object, ...]:
    """Measure so many runs."""
    run = make_run(10, n_features)
    runs = [replace(run, key=key) for key in range(n)]
    n_parameters = run.start.generator.size + run.start.critic.size
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    contenders = {"gpu": engine("cuda", runs), "cpu": engine("cpu", runs, n_cores)}
    measured, starts = steady_rates(contenders, seconds, rounds)
    memory = torch.cuda.max_memory_reserved()
    rates = {name: statistics.median(values) for name, values in measured.items()}
    return (
        n_features,
        n,
        f"{n * rates['gpu']:.0f}",
        f"{n * rates['cpu']:.0f}",
        f"{ratio(measured, 'gpu', 'cpu'):.2f}",
        f"{1000 / rates['gpu']:.2f}",
        f"{starts['gpu']:.1f}",
        f"{memory / 2**20:.0f}",
        f"{memory / (4 * n * n_parameters):.1f}",
    )


def main() -> None:
    """Run the benchmark."""
    if not torch.cuda.is_available():
        raise SystemExit("torch finds no CUDA device here")
    with threadpool_limits(1):
        for part in report(seconds=0.6, rounds=3):
            print(part, flush=True)


if __name__ == "__main__":
    main()
