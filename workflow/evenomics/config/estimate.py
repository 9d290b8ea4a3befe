"""What a run will take, said before it starts; refusal of a run that cannot end well.

`check_run` does both before anything starts, `check_study` once the cohorts of a study are there.
The model is in `evenomics.config.costs`.
"""

import math
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evenomics.config.costs import Costs
from evenomics.config.names import names
from evenomics.config.source import SOURCE_SIZES, Size
from evenomics.errors import ConfigError

_YEAR = 365 * 24 * 3600.0
# Memory of the largest node of a cluster; nobody has told how large that is.
_NODE = 1e12
# What Linux lets a container have, if it is one.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
# A study whose size is not known has at least this.
_LEAST = Size(1, 2, 2, 2)

# Stage -> what it does, and the keys that make it shorter.
_STAGES = {
    "load": ("reading tables", ""),
    "other": ("tables and pages", "studies"),
    "select": ("feature selection", "selection.lasso_en.repeats"),
    "pretrain": ("pre-training", "gan.pretraining.epochs"),
    "retrain": ("re-training", "gan.retraining.epochs_1, epochs_2"),
    "score_arms": ("scoring", "scoring.repeats"),
}


def known_size(config: Mapping[str, Any], study: str) -> Size | None:
    """Return the size of a study's cohorts, None if neither the config nor its files tell it.

    Parameters
    ----------
    config : mapping
        With its defaults.
    study : str
    """
    options = config["studies"][study]
    find = SOURCE_SIZES.get(options["cohorts"]["source"])
    return find(options) if find else None


def costs_of(config: Mapping[str, Any], study: str, size: Size) -> Iterator[Costs]:
    """Go through the costs of a study, one for each of its selections.

    Parameters
    ----------
    config : mapping
        With its defaults.
    study : str
    size : Size
        Before the selection.
    """
    study_options = config["studies"][study]
    for selection in study_options["selections"]:
        n_features = size.n_features
        for step in names("selections")[selection]["steps"]:
            options = study_options["selection"][step]
            n_selected = options.get("n_features") or int(options["top_fraction"] * n_features)
            n_features = max(1, min(n_features, n_selected))
        after = replace(size, n_features=n_features)
        yield Costs(config, study, selection, after, size.n_features)


@dataclass(frozen=True)
class Estimate:
    """Time, memory and disk of a run from scratch.

    Attributes
    ----------
    costs : sequence of Costs
        What is counted.
    cores : int
        Of the run.
    threads : int, optional
        Cores of a job, on a cluster. On one machine, a job may have all.
    unknown : collection of str
        Studies of which only the least is counted, as their size is not known.

    Examples
    --------
    >>> from evenomics.config.validation import validated
    >>> study = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}
    >>> config = validated({"studies": {"simulated": study}})
    >>> print(Estimate([*costs_of(config, "simulated", Size(150, 2000, 300, 700))], cores=2))
    About 6 h on 2 cores, 950 MB of memory and 1.3 GB of disk (6.1 GB while it runs).
    """

    costs: Sequence[Costs]
    cores: int
    threads: int | None = None
    unknown: Collection[str] = ()

    @property
    def core_seconds(self) -> dict[str, float]:
        """Core-seconds of each stage."""
        stages = self.costs[0].seconds
        return {stage: sum(costs.seconds[stage] for costs in self.costs) for stage in stages}

    @property
    def seconds(self) -> float:
        """Wall time: that of busy cores, or of the study that ends last."""
        threads = self.threads or self.cores
        chains = (
            sum(max(costs.longest[stage], s / threads) for stage, s in costs.seconds.items())
            for costs in self.costs
        )
        return max(sum(self.core_seconds.values()) / self.cores, *chains)

    @property
    def memory(self) -> float:
        """Bytes of the largest job; on one machine, also of pre-training side by side."""
        return self._memory(self.threads or self.cores)

    def _memory(self, n: int) -> float:
        """Return the memory if a job has `n` cores, and on one machine all jobs together."""
        jobs = [costs.memory(n) for costs in self.costs]
        pretraining = sorted((job["pretrain"] for job in jobs), reverse=True)
        side_by_side = sum(pretraining[: 1 if self.threads else n])
        return max(side_by_side, *(max(job.values()) for job in jobs))

    @property
    def checkpoint_bytes(self) -> float:
        """Disk of the checkpoints."""
        return sum(costs.checkpoint_bytes for costs in self.costs)

    @property
    def disk(self) -> float:
        """Bytes of all files while the checkpoints are there."""
        return self.checkpoint_bytes + sum(costs.result_bytes for costs in self.costs)

    def __str__(self) -> str:
        """Return what a user is told: the numbers, and what they leave out."""
        known = replace(self, costs=[c for c in self.costs if c.study not in self.unknown])
        unknown = ", ".join(self.unknown)
        if not known.costs:
            return (
                f"Time, memory and disk are estimated once these studies are imported: {unknown}."
            )
        config, disk = known.costs[0].config, f"{_bytes(known.disk)} of disk"
        if known.checkpoint_bytes and not config["keep_checkpoints"]:
            results = _bytes(known.disk - known.checkpoint_bytes)
            disk = f"{results} of disk ({_bytes(known.disk)} while it runs)"
        left_out = [f"{unknown} (known after import)"] if unknown else []
        if config["engine"] == "cuda":
            left_out.append("training on the GPU")
        return (
            f"About {_time(known.seconds)} on {_cores(self.cores)}, {_bytes(known.memory)} of "
            f"memory{' a job' if self.threads else ''} and {disk}."
            + (f" Not counted: {'; '.join(left_out)}." if left_out else "")
        )

    def problems(self, memory: float, room: float) -> Iterator[str]:
        """Find what cannot fit.

        Parameters
        ----------
        memory : float
            Bytes of the machine, or of the largest node.
        room : float
            Bytes that are free for results.

        Yields
        ------
        str
            One line per problem.
        """
        too_large = [line for costs in self.costs for line in _memory_problems(costs, memory)]
        yield from too_large
        if self.memory > memory and not too_large:
            key, found = ("threads", self.threads) if self.threads else ("cores", self.cores)
            fewer = max(n for n in range(1, found) if self._memory(n) <= memory)
            how = "" if self.threads else f" (`make run CORES={fewer}`)"
            yield (
                f"{key}: found {found}; jobs on so many need {_bytes(self.memory)} of memory, "
                f"there are {_bytes(memory)}; run on {fewer}{how}"
            )
        if self.disk > room:
            yield (
                f"results_dir: the run needs {_bytes(self.disk)} of disk, {_bytes(room)} are free; "
                f"{self.checkpoint_bytes / self.disk:.0%} of it is for checkpoints of GANs; name a "
                "folder on another disk, or train fewer GANs (`experiments`, `alphas`, `arms`)"
            )
        if self.seconds > _YEAR:
            spent = self.core_seconds
            stage = max(spent, key=lambda stage: spent[stage])
            title, keys = _STAGES[stage]
            yield (
                f"{keys}: the run takes {_time(self.seconds)} on {_cores(self.cores)}, "
                f"{spent[stage] / sum(spent.values()):.0%} of it for {title}; a year is the most"
            )


def _memory_problems(costs: Costs, memory: float) -> Iterator[str]:
    """Find a job that does not fit even on one core."""
    jobs = costs.memory(1)
    stage = max(jobs, key=lambda stage: jobs[stage])
    if jobs[stage] <= memory:
        return
    if stage == "load":
        what = f"{costs.size.n_samples:,} samples of {costs.n_measured:,} features"
        advice = "leave features out of the tables"
    elif stage == "score_arms":
        what, advice = f"{costs.size.n_features:,} features", "select features (`selections`)"
    else:
        run = max((*costs.pretraining, *costs.retraining), key=lambda run: run.thread_bytes)
        n_gans = costs.n_gans if stage == "retrain" else 1
        what = f"{n_gans:,} GANs of {run.n_parameters:,} parameters, {run.updates:,} updates each"
        advice = (
            "select features (`selections`), take narrower layers (`gan.networks.hidden`), train "
            "fewer GANs (`experiments`, `alphas`, `arms`)"
        )
    yield (
        f"studies.{costs.study}: {_STAGES[stage][0]} needs {_bytes(jobs[stage])} of memory on one "
        f"core ({what}), there are {_bytes(memory)}; {advice}, or use a larger machine"
    )


def check_run(config: Mapping[str, Any], local_cores: int, n_jobs: int = 1) -> str:
    """Return what a run will take, before anything of it has started.

    Parameters
    ----------
    config : mapping
        With its defaults.
    local_cores : int
        Cores of this machine that the run has; 0 if its jobs run on a cluster.
    n_jobs : int
        Jobs that run on a cluster at a time.

    Returns
    -------
    str
        Some sentences.

    Raises
    ------
    ConfigError
        If it takes more memory or disk than there is here, or more than a year.
    """
    sizes = {study: known_size(config, study) for study in config["studies"]}
    costs = [c for study, size in sizes.items() for c in costs_of(config, study, size or _LEAST)]
    unknown = [study for study, size in sizes.items() if size is None]
    return _checked(config, costs, local_cores, n_jobs, unknown)


def check_study(
    config: Mapping[str, Any], study: str, selection: str, size: Size, local_cores: int
) -> str:
    """Return what a study will take, when its cohorts are there and nothing is trained yet.

    Parameters
    ----------
    config : mapping
        With its defaults.
    study, selection : str
    size : Size
        Of the cohorts after the selection.
    local_cores : int
        As in `check_run`, which also says what is raised.

    Returns
    -------
    str
        Some sentences.
    """
    costs = [Costs(config, study, selection, size)]
    return f"{study}, {selection}: {_checked(config, costs, local_cores)}"


def _checked(
    config: Mapping[str, Any],
    costs: Sequence[Costs],
    local_cores: int,
    n_jobs: int = 1,
    unknown: Collection[str] = (),
) -> str:
    if local_cores:
        estimate = Estimate(costs, local_cores, unknown=unknown)
        room = _room(Path(config["results_dir"]), estimate.disk)
        problems = [*estimate.problems(_machine_memory(), room)]
    else:
        threads = config["threads"]
        estimate = Estimate(costs, n_jobs * threads, threads, unknown)
        problems = [*estimate.problems(_NODE, math.inf)]
    if problems:
        raise ConfigError("this cannot be run here:", problems)
    return str(estimate)


def _machine_memory() -> float:
    """Return the bytes of memory that this machine, or its container, has."""
    memory = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    text = _CONTAINER.read_text().strip() if _CONTAINER.is_file() else "max"
    return min(memory, float(text)) if text.isdigit() else memory


def _room(folder: Path, needed: float) -> float:
    """Return the bytes that results may have: free ones, and those of an earlier run."""
    folder = folder.resolve()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        free += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return float(free)


def _time(seconds: float) -> str:
    units = {"s": 1, "min": 60, "h": 3600, "days": 24 * 3600, "years": _YEAR}
    # the largest unit of which there are two
    unit = max((u for u in units if seconds >= 2 * units[u]), key=lambda u: units[u], default="s")
    return f"{float(f'{seconds / units[unit]:.2g}'):,.0f} {unit}"


def _bytes(n: float) -> str:
    value, unit = (n / 1e9, "GB") if n >= 1e9 else (n / 1e6, "MB")
    return f"{float(f'{value:.2g}'):,g} {unit}"


def _cores(n: int) -> str:
    return f"{n} core" if n == 1 else f"{n} cores"
