"""One GAN on its way through the search for rates and epoch."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from evenomics.gan.networks import Weights
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import Floats
from evenomics.gan.run import Trained

Phase = Literal["lr_1", "lr_2"]


@dataclass(frozen=True)
class Split:
    """Samples to train on, and held-out ones."""

    training: Floats
    held_out: Floats


@dataclass
class Search:
    """One GAN on its way through the recipe."""

    request: GanRequest
    splits: list[Split]
    starts: list[Weights]
    whole_start: Weights
    row: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    histories: list[pd.DataFrame] = field(default_factory=list)
    rates: list[dict[str, Any]] = field(default_factory=list)
    # of the phase in progress, per rate and fold
    runs: list[list[Trained]] = field(default_factory=list)
    # the chosen rate's, per fold
    best: list[Trained] = field(default_factory=list)
    # of `best`, the epochs whose weights lr_2 starts from
    epochs_1: list[int] = field(default_factory=list)
    # critic updates up to the chosen epoch of the phase in progress, averaged over folds
    updates: float = 0.0
    # of a cross-validated class, per fold, a training that has the weights of the chosen epoch
    finals: list[Trained] = field(default_factory=list)
    seconds: float = 0.0
    engines: dict[str, None] = field(default_factory=dict)

    def spend(self, run: Trained) -> None:
        """Note who trained a run of this GAN, and for how long."""
        self.seconds += run.seconds
        self.engines |= dict.fromkeys(run.engines)

    def take(self, index: int) -> list[Trained]:
        """Choose a rate; the weights of the others need no room any more."""
        self.best, self.runs = self.runs[index], []
        return self.best

    @property
    def folded(self) -> bool:
        """Whether a tiny class is cross-validated instead of split once."""
        return len(self.splits) > 1


def has_weights_at(run: Trained, epoch: int) -> bool:
    """Say whether a trained run still has the weights after an epoch."""
    return epoch in (0, run.kept_epoch) or epoch == run.epochs == run.member.epochs


def weights_at(run: Trained, epoch: int) -> Weights:
    """Return the weights after an epoch, of a training that has them."""
    if not epoch:
        return run.member.start
    return run.weights if epoch == run.kept_epoch else run.last
