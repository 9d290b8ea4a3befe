"""The seam between the method and what trains: a list of training runs goes in, a list comes back.

A new engine is a module of its name in this package that registers a function in `ENGINES`, and an
entry in ``config/schema/names.yaml``.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from evenomics.config.names import names
from evenomics.config.registry import Registry
from evenomics.errors import TrainingError
from evenomics.gan.checkpoint import State
from evenomics.gan.run import TrainingRun
from evenomics.gan.trained import Trained
from evenomics.progress import Progress

logger = logging.getLogger(__name__)

# seconds between two checkpoints of a run
CHECKPOINT_SECONDS = 20.0
# what `auto` compares, in seconds for two critic updates and one generator update: a CPU core's per
# unit of `TrainingRun.work`, and a GPU's for the smallest stack (see docs/costs.md)
CPU_SECONDS = 0.5e-9
CUDA_SECONDS = 1.5e-3
# about as many cores as come with a GPU: not those of the job, lest tables depend on their number
CORES = 8


@dataclass(eq=False)
class Job:
    """A training run for an engine.

    Attributes
    ----------
    run : TrainingRun
    dtype : {"float32", "float64"}
    engine : str
        Who trains it.
    path : Path or None
        Its checkpoint.
    updates : int
        Critic updates done.
    trained : Trained
        The result; there once the job has ended.
    """

    run: TrainingRun
    dtype: str
    engine: str
    path: Path | None
    updates: int = field(default=0, init=False)
    trained: Trained = field(init=False, repr=False)
    _saved: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        """See how far an earlier training came."""
        state = State.load(self.path) if self.path else None
        if state is not None:
            self._come_to(state.updates, lambda: state)

    @property
    def ended(self) -> bool:
        """Whether all updates are done."""
        return self.updates == self.run.n_updates

    def begin(self) -> State:
        """Return the state to go on from.

        For when the job's turn has come: states are what takes the memory.
        """
        if self.path and self.updates:
            state = State.reload(self.path)
        else:
            state = State.begin(self.run, self.dtype)
        state.engines = tuple(dict.fromkeys((*state.engines, self.engine)))
        self._saved = time.monotonic()
        return state

    def report(self, updates: int, state: Callable[[], State]) -> None:
        """Take note of how many updates are done; save the state now and then, and at the end."""
        ends = updates == self.run.n_updates
        if self.path and (ends or time.monotonic() - self._saved > CHECKPOINT_SECONDS):
            state().save(self.path)
            self._saved = time.monotonic()
        self._come_to(updates, state)

    def _come_to(self, updates: int, state: Callable[[], State]) -> None:
        self.updates = updates
        if self.ended:
            self.trained = Trained.from_state(self.run, state(), self.path)


class Report(Protocol):
    """How an engine says that a job came along: to so many updates, to a state to ask for."""

    def __call__(self, job: Job, updates: int, state: Callable[[], State]) -> None:
        """Say that a job has come to so many critic updates."""


class Engine(Protocol):
    """What trains jobs, and reports on each as it comes along."""

    def __call__(self, jobs: Sequence[Job], *, dtype: str, threads: int, report: Report) -> None:
        """Train all jobs."""


#: The engines by their names in the config; a module for each, since they load torch or numba.
ENGINES: Registry[Engine] = Registry("engines", "evenomics.gan.engines")


@dataclass
class Training:
    """How training runs are done: by which engine, on how many cores, with or without checkpoints.

    Attributes
    ----------
    engine : {"auto", "cpu", "torch", "cuda"}
        ``auto`` takes a CUDA device where there is one and the runs keep it busy, else the
        compiled CPU engine. It chooses by the first runs and stays with that: a run that is
        trained again, up to the epoch chosen, is trained by the same engine.
    threads : int
        Cores that the CPU engine uses; the others drive their device from one.
    checkpoints : Path, optional
        Folder for states and results. What is found there is not trained again, and weights stay
        there until they are asked for.
    dtype : {"float32", "float64"}
        Precision of the training.
    chosen_engine : str or None
        Who trains; known once something is trained.

    Examples
    --------
    >>> import numpy as np
    >>> from evenomics.gan.networks import initial_weights
    >>> from evenomics.gan.settings import Loss, Updates
    >>> rng = np.random.default_rng(0)
    >>> run = TrainingRun(
    ...     name="example", samples=rng.normal(size=(20, 3)), held_out=np.empty((0, 3)),
    ...     start=initial_weights(3, (4,), rng), key=1, epochs=10, batch_size=10,
    ...     learning_rate=1e-3, alpha=0.0, critic_updates=2, dropout=0.5,
    ...     generator_dropout=0.0, loss=Loss(), updates=Updates(), eval_every=5, keep="last",
    ...     curve="wasserstein", threshold=3.0,
    ... )
    >>> (trained,) = Training(engine="torch").train([run])
    >>> trained.kept_epoch, trained.wasserstein.shape
    (10, (10,))
    """

    engine: str = "auto"
    threads: int = 1
    checkpoints: Path | None = None
    dtype: str = "float32"
    chosen_engine: str | None = field(default=None, init=False)

    def train(self, runs: Sequence[TrainingRun], title: str = "training") -> list[Trained]:
        """Train; equal runs once, and none that is found among the checkpoints.

        Parameters
        ----------
        runs : sequence of TrainingRun
        title : str
            For the log.

        Returns
        -------
        list of Trained
            In the order of the runs.

        Raises
        ------
        TrainingError
            If the engine is not there, or a checkpoint cannot be written.
        """
        started = time.perf_counter()
        engine = self.chosen_engine or choose_engine(self.engine, runs)
        self.chosen_engine = engine
        prints = [run.fingerprint(self.dtype) for run in runs]
        jobs = {
            name: Job(run, self.dtype, engine, self.path(name))
            for name, run in dict(zip(prints, runs, strict=True)).items()
        }
        missing = [job for job in jobs.values() if not job.ended]
        logger.info(
            "%s: %d training runs (%d different, %d to train) on engine %s, threads: %d",
            title, len(runs), len(jobs), len(missing), engine,
            self.threads if names("engines")[engine].get("threaded") else 1,
        )  # fmt: skip
        if missing:
            progress = Progress(title, sum(job.run.n_updates - job.updates for job in missing))

            def report(job: Job, updates: int, state: Callable[[], State]) -> None:
                progress.add(updates - job.updates)
                job.report(updates, state)

            ENGINES[engine](missing, dtype=self.dtype, threads=self.threads, report=report)
        logger.info("%s: done in %.1f s", title, time.perf_counter() - started)
        return [
            replace(jobs[name].trained, run=run) for name, run in zip(prints, runs, strict=True)
        ]

    def path(self, name: str) -> Path | None:
        """Where the state of the run with this fingerprint lies, if anywhere."""
        return self.checkpoints and self.checkpoints / f"{name}.safetensors"


def choose_engine(name: str, runs: Sequence[TrainingRun] = ()) -> str:
    """Return the engine to use: the one asked for, or for ``auto`` the fastest one that is here.

    Raises
    ------
    TrainingError
        For an unknown engine, or ``cuda`` without a CUDA device.
    """
    if name == "auto":
        return "cuda" if _gain_from_cuda(runs) and _has_cuda() else "cpu"
    if name not in names("engines"):
        raise TrainingError(
            f"unknown engine {name!r}; there are: auto, {', '.join(names('engines'))}"
        )
    if name == "cuda" and not _has_cuda():
        raise TrainingError(
            "engine: cuda was asked for, but torch finds no CUDA device here; "
            "set engine: auto (or cpu), or install a CUDA build of torch"
        )
    return name


def _gain_from_cuda(runs: Sequence[TrainingRun]) -> bool:
    """Say whether CPU cores take longer for a cycle of all runs than a GPU for any."""
    work = [run.work for run in runs]
    return CPU_SECONDS * max(sum(work) / CORES, *work, 0) > CUDA_SECONDS


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()
