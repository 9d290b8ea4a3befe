"""How fast a GPU trains, against the cores of its machine: ``python -m bench.gpu``, two minutes."""

import os

import torch
from threadpoolctl import threadpool_limits

from bench.contenders import engine, make_runs
from bench.harness import markdown, opening, steady_rate

#: features, and numbers of runs that train side by side
CASES = {150: (1, 8, 36, 216, 1024), 2000: (1, 8, 36, 108), 20000: (1, 4, 8)}


def report(seconds: float) -> str:
    """Measure everything; return a Markdown text."""
    n_cores = os.cpu_count() or 1
    table = []
    for n_features, numbers in CASES.items():
        for n in numbers:
            runs = make_runs(n, n_features=n_features)
            n_parameters = runs[0].start.generator.size + runs[0].start.critic.size
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            rate, start = steady_rate(engine("cuda", runs), seconds)
            memory = torch.cuda.max_memory_reserved()
            on_cores, _ = steady_rate(engine("cpu", runs, n_cores), seconds)
            table.append(
                (
                    n_features,
                    n,
                    f"{n * rate:.0f}",
                    f"{n * on_cores:.0f}",
                    f"{rate / on_cores:.2f}",
                    f"{1000 / rate:.2f}",
                    f"{start:.1f}",
                    f"{memory / 2**20:.0f}",
                    f"{memory / (4 * n * n_parameters):.1f}",
                )
            )
            print(table[-1], flush=True)
    return "\n".join(
        (
            opening("On a GPU"),
            "A cycle is 2 critic updates and 1 generator update of one run, batch 10, float32. "
            "Rates count the cycles of all runs, once they are under way; what comes before is the "
            "start. Written by `python -m bench.gpu`.\n",
            markdown(
                ("p", "runs", "cuda, cycles / s", f"cpu, {n_cores} threads", "ratio",
                 "ms / step", "start (s)", "memory (MiB)", "copies of the parameters"),
                table,
            ),
        )
    )  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    with threadpool_limits(1):
        print(report(seconds=0.8))


if __name__ == "__main__":
    main()
