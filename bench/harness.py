"""How the benchmarks measure, and how they report.

A machine is never quiet: what is compared is measured in turns, and ratios are medians over the
turns.
"""

import datetime
import importlib.metadata
import math
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch

#: runs so many cycles
Contender = Callable[[int], object]
#: cycles per second, or seconds, of every contender, one number per turn
Measured = dict[str, list[float]]


def rates(
    contenders: Mapping[str, Contender], seconds: float, rounds: int, until: float = math.inf
) -> Measured:
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
    measured: Measured = {name: [] for name in contenders}
    for name, run in contenders.items():
        run(12)  # compile, allocate, fill the caches
        n_cycles[name] = max(6, round(seconds / seconds_of(run, 12) * 12))
    for index in range(rounds):
        if index >= 3 and time.perf_counter() > until:
            break
        for name, run in contenders.items():
            measured[name].append(n_cycles[name] / seconds_of(run, n_cycles[name]))
    return measured


def steady_rates(
    contenders: Mapping[str, Contender], seconds: float, rounds: int
) -> tuple[Measured, dict[str, float]]:
    """Measure cycles per second of contenders that are under way, in turns.

    What any number of cycles takes beforehand, to pack and to record what is replayed, is left out.

    Parameters
    ----------
    contenders : mapping of str to Contender
    seconds : float
        About how long a contender is under way in a round.
    rounds : int

    Returns
    -------
    measured : dict of str to list of float
        One rate per round.
    starts : dict of str to float
        Seconds before a contender is under way.
    """
    n_few = 6
    few, more = {}, {}
    for name, run in contenders.items():
        run(n_few)  # compile, allocate, fill the caches
        few[name], n = seconds_of(run, n_few), 2 * n_few
        while (under_way := seconds_of(run, n) - few[name]) < 0.5 * seconds:
            n *= min(20, max(2, math.ceil(seconds / max(under_way, 1e-3))))
        more[name] = n
    measured: Measured = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            n = more[name]
            measured[name].append((n - n_few) / (seconds_of(run, n) - few[name]))
    starts = {
        name: max(0.0, few[name] - n_few / statistics.median(values))
        for name, values in measured.items()
    }
    return measured, starts


def turns(contenders: Mapping[str, Callable[[], object]], n_turns: int) -> Measured:
    """Measure seconds, the contenders in turns.

    Parameters
    ----------
    contenders : mapping of str to callable
    n_turns : int

    Returns
    -------
    dict of str to list of float
        One time per turn.
    """
    measured: Measured = {name: [] for name in contenders}
    for _ in range(n_turns):
        for name, run in contenders.items():
            measured[name].append(seconds_of(run))
    return measured


def seconds_of(run: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - started


def ratio(measured: Measured, of: str, to: str) -> float:
    """Median over the turns of one contender's number over another's."""
    return statistics.median(a / b for a, b in zip(measured[of], measured[to], strict=True))


class Metered:
    """A contender that knows how many cores it got on a machine that others use as well."""

    def __init__(self, run: Contender) -> None:
        self.run = run
        self.seconds = self.cpu_seconds = 0.0

    def __call__(self, n_cycles: int) -> None:
        """Run so many cycles."""
        cpu_began = time.process_time()
        self.seconds += seconds_of(self.run, n_cycles)
        self.cpu_seconds += time.process_time() - cpu_began

    def __str__(self) -> str:
        """Return the average number of cores."""
        return f"{self.cpu_seconds / self.seconds:.1f}"


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


def opening(title: str) -> str:
    """Begin a report: its title, and where and when it was made."""
    return f"# {title}\n\n{machine()}\n"


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a table."""
    return "\n".join(markdown_row(row) for row in (header, ["---"] * len(header), *rows))


def markdown_row(row: Iterable[object]) -> str:
    """Format a row of a table."""
    return f"| {' | '.join(map(str, row))} |"
