"""The seam between the recipe and what trains: a list of members goes in, a list comes back.

A new engine is a function ``(members, states, on_progress, ...)`` in a module of its own and one
line in `ENGINES`.
"""

import importlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from evenomics.errors import TrainingError
from evenomics.gan.member import Member, State, Trained

logger = logging.getLogger(__name__)

# seconds between two checkpoints of a member, and between two progress lines in a log
CHECKPOINT_SECONDS = 20.0
LOG_SECONDS = 30.0


class Report(Protocol):
    """How an engine says that a member came along: by so many updates, to a state to ask for."""

    def __call__(self, index: int, n_updates: int, state: Callable[[], State]) -> None:
        """Say that member ``index`` came along by ``n_updates`` critic updates."""


#: name -> (module, function): ``function(members, states, dtype=, threads=, report=) -> states``
ENGINES = {
    "cpu": ("evenomics.gan.cpu_engine", "train_on_cpu"),
    "torch": ("evenomics.gan.torch_engine", "train_on_torch"),
    "cuda": ("evenomics.gan.torch_engine", "train_on_cuda"),
}


@dataclass
class Training:
    """How members are trained: by which engine, on how many cores, with or without checkpoints.

    Attributes
    ----------
    engine : {"auto", "cpu", "torch", "cuda"}
        ``auto`` takes a CUDA device where there is one, else the compiled CPU engine.
    threads : int
        Cores to use.
    checkpoints : Path, optional
        Folder for states and results. What is found there is not trained again.
    progress : bool
        A bar on a terminal; lines in the log are written in any case.
    dtype : {"float32", "float64"}
        Precision of the training.
    """

    engine: str = "auto"
    threads: int = 1
    checkpoints: Path | None = None
    progress: bool = False
    dtype: str = "float32"
    _chosen: str | None = field(default=None, init=False, repr=False)

    @property
    def chosen_engine(self) -> str:
        """The engine that ``auto`` stands for here."""
        if self._chosen is None:
            self._chosen = choose_engine(self.engine)
        return self._chosen

    def train(self, members: Sequence[Member], title: str = "training") -> list[Trained]:
        """Train all members; equal ones once, and none that is found among the checkpoints.

        Parameters
        ----------
        members : sequence of Member
        title : str
            For the progress bar and the log.

        Returns
        -------
        list of Trained
            In the order of the members.
        """
        started = time.perf_counter()
        prints = [member.fingerprint(self.dtype) for member in members]
        unique = dict(zip(prints, members, strict=True))
        states = {name: self._begin(name, member) for name, member in unique.items()}
        missing = [name for name in unique if states[name].updates < unique[name].n_updates]
        logger.info(
            "%s: %d members (%d different, %d to train) on engine %s, %d threads",
            title, len(members), len(unique), len(missing), self.chosen_engine, self.threads,
        )  # fmt: skip
        if missing:
            module, function = ENGINES[self.chosen_engine]
            run: Callable[..., list[State]] = getattr(importlib.import_module(module), function)
            todo = [unique[name] for name in missing]
            begun = [states[name] for name in missing]
            with _Progress(title, todo, begun, missing, self) as report:
                done = run(
                    todo,
                    begun,
                    dtype=self.dtype,
                    threads=self.threads,
                    report=report,
                )
            states |= dict(zip(missing, done, strict=True))
        logger.info("%s: done in %.1f s", title, time.perf_counter() - started)
        return [Trained.from_state(m, states[n]) for m, n in zip(members, prints, strict=True)]

    def _begin(self, name: str, member: Member) -> State:
        if self.checkpoints is not None:
            state = State.load(self.path(name))
            if state is not None:
                return state
        return State.begin(member, self.dtype)

    def path(self, name: str) -> Path:
        """Where the state of the member with this fingerprint lies."""
        assert self.checkpoints is not None
        return self.checkpoints / f"{name}.safetensors"


class _Progress:
    """Bar, log lines and checkpoints while an engine runs."""

    def __init__(
        self,
        title: str,
        members: list[Member],
        states: list[State],
        names: list[str],
        training: Training,
    ) -> None:
        self.title = title
        self.members = members
        self.names = names
        self.training = training
        self.left = [m.n_updates - s.updates for m, s in zip(members, states, strict=True)]
        self.total = sum(self.left)
        self.done = 0
        self.logged = time.monotonic()
        self.saved = [self.logged] * len(members)
        self.bar = tqdm(
            total=self.total,
            desc=title,
            unit="update",
            unit_scale=True,
            # tqdm's None: a bar only where a person watches a terminal
            disable=None if training.progress else True,
        )

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, index: int, n_updates: int, state: Callable[[], State]) -> None:
        self.done += n_updates
        self.bar.update(n_updates)
        now = time.monotonic()
        if now - self.logged > LOG_SECONDS:
            self.logged = now
            logger.info("%s: %.0f%% of the updates done", self.title, 100 * self.done / self.total)
        self.left[index] -= n_updates
        if self.training.checkpoints is None:
            return
        if self.left[index] <= 0 or now - self.saved[index] > CHECKPOINT_SECONDS:
            self.saved[index] = now
            state().save(self.training.path(self.names[index]))


def choose_engine(name: str) -> str:
    """Return the engine to use: the one asked for, or for ``auto`` the best one that is here.

    Raises
    ------
    TrainingError
        For an unknown engine, or ``cuda`` without a CUDA device.
    """
    if name == "auto":
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ENGINES:
        raise TrainingError(f"unknown engine {name!r}; there are: auto, {', '.join(ENGINES)}")
    if name == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise TrainingError(
                "engine: cuda was asked for, but torch finds no CUDA device here; "
                "set engine: auto (or cpu), or install a CUDA build of torch"
            )
    return name
