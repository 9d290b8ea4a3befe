"""One GAN on its way through the search for rates and epoch."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evenomics.gan.networks import Floats, Weights
from evenomics.gan.requests import GanRequest
from evenomics.gan.run import Keep, TrainingRun
from evenomics.gan.settings import Choice, GanSettings
from evenomics.gan.splits import Split
from evenomics.gan.trained import Trained
from evenomics.randomness import derive_key


@dataclass(frozen=True)
class Phase:
    """One of the two phases of re-training.

    Attributes
    ----------
    name : {"lr_1", "lr_2"}
    rates : tuple of float
        Candidates for its learning rate.
    epochs : int
        Epochs at each of them.
    keep : Keep
        See `TrainingRun.keep`.
    """

    name: Literal["lr_1", "lr_2"]
    rates: tuple[float, ...]
    epochs: int
    keep: Keep

    @property
    def updates(self) -> str:
        """Column of the training table with the critic updates of the phase."""
        return f"updates_{self.name[-1]}"


def _keep_1(choice: Choice) -> Keep:
    if choice.rate_choice == "held_out":
        return "held_out"
    return "above" if choice.rate_1 == "smallest_above" else "last"


def phases(settings: GanSettings) -> tuple[Phase, Phase]:
    """Return the first and the second phase."""
    plan, choice = settings.retraining, settings.choice
    return (
        Phase(
            "lr_1",
            plan.learning_rates_1,
            plan.epochs_1,
            _keep_1(choice),
        ),
        Phase(
            "lr_2",
            plan.learning_rates_2,
            plan.epochs_2,
            "held_out" if choice.epoch_choice == "held_out" else "last",
        ),
    )


@dataclass
class Search:
    """One GAN on its way: what was asked for, what has been chosen, what is there to choose from.

    Attributes
    ----------
    request : GanRequest
    settings : GanSettings
    seed : int
    splits : list of Split
        One per fold; several for a class that is cross-validated.
    starts : list of Weights
        Per fold, the weights that the phase in progress starts from.
    whole_start : Weights
        The same for the training on all samples of a cross-validated class.
    row : dict
        The row of the training table as far as it is known.
    notes : list of str
        What was done where a rule did not apply.
    histories : list of DataFrame
        Curves at the evaluated epochs, one table per run.
    rates : list of dict
        What the rate rules saw.
    runs : list of list of Trained
        Of the phase in progress, per rate and fold.
    best : list of Trained
        Those of the chosen rate, per fold.
    epochs_1 : list of int
        Of `best`, the epochs whose weights the second phase starts from.
    first_curve : ndarray of shape (n_epochs,)
        The curve up to there, if the epoch is chosen on the curve of both phases; else empty.
    updates : float
        Critic updates up to the chosen epoch of the phase in progress, averaged over folds.
    finals : list of Trained
        Of a cross-validated class, per fold, a training that has the weights of the chosen epoch.
    seconds : float
    engines : dict of str to None
        Who trained, in order.
    """

    request: GanRequest
    settings: GanSettings
    seed: int
    splits: list[Split]
    starts: list[Weights]
    whole_start: Weights
    row: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    histories: list[pd.DataFrame] = field(default_factory=list)
    rates: list[dict[str, Any]] = field(default_factory=list)
    runs: list[list[Trained]] = field(default_factory=list)
    best: list[Trained] = field(default_factory=list)
    epochs_1: list[int] = field(default_factory=list)
    first_curve: Floats = field(default_factory=lambda: np.empty(0))
    updates: float = 0.0
    finals: list[Trained] = field(default_factory=list)
    seconds: float = 0.0
    engines: dict[str, None] = field(default_factory=dict)

    @property
    def folded(self) -> bool:
        """Whether the class is cross-validated instead of split once."""
        return len(self.splits) > 1

    def training_runs(self, phase: Phase) -> list[TrainingRun]:
        """Return the runs of a phase: every rate on every fold."""
        return [
            self._training_run(phase, rate, split, start, fold)
            for rate in phase.rates
            for fold, (split, start) in enumerate(zip(self.splits, self.starts, strict=True))
        ]

    def whole_run(self, phase: Phase) -> TrainingRun:
        """Return the run on all samples, at the chosen rate, as long as the folds say.

        Long is meant in critic updates: an epoch of all samples can have more of them than an
        epoch of a fold. Training goes in whole epochs, so their number is rounded by half an epoch
        at most; one epoch is the least.
        """
        samples = self.request.samples
        split = Split(samples, samples[:0])
        run = self._training_run(phase, self.row[phase.name], split, self.whole_start, "all")
        return replace(run, epochs=max(1, round(self.updates / run.updates_per_epoch)), keep="last")

    def _training_run(
        self, phase: Phase, rate: float, split: Split, start: Weights, fold: int | str
    ) -> TrainingRun:
        request, settings = self.request, self.settings
        plan, choice = settings.retraining, settings.choice
        return TrainingRun(
            name=f"{request.name} {phase.name} {rate:g} {fold}",
            samples=split.training,
            held_out=split.held_out,
            start=start,
            # rates of a phase share their numbers: they are compared on the same noise
            key=derive_key(self.seed, request.name, phase.name, fold),
            epochs=phase.epochs,
            batch_size=plan.batch_size_over if request.over else plan.batch_size_under,
            learning_rate=rate,
            alpha=request.alpha,
            critic_updates=plan.critic_updates,
            dropout=plan.dropout,
            generator_dropout=settings.networks.dropout_of_generator(plan.dropout),
            loss=settings.loss,
            updates=settings.updates,
            eval_every=choice.eval_every,
            keep=phase.keep,
            curve=choice.curve,
            threshold=choice.threshold,
        )

    def compare(self, phase: Phase, runs: list[list[Trained]]) -> None:
        """Take the trained runs of a phase, per rate and fold; note their curves."""
        self.runs = runs
        for of_rate in runs:
            for fold, trained in enumerate(of_rate):
                self._note(phase, trained, fold)

    def go_on(self, phase: Phase, longer: list[Trained]) -> None:
        """Take longer trainings at the chosen rate, per fold; note what is new in their curves."""
        for fold, trained in enumerate(longer):
            self._note(phase, trained, fold, after=phase.epochs)
        self.best = longer

    def _note(self, phase: Phase, trained: Trained, fold: int, after: int = 0) -> None:
        self.spend(trained)
        curves = (
            trained.curves()
            .iloc[trained.eval_epochs - 1]
            .assign(
                phase=phase.name,
                rate=trained.run.learning_rate,
                fold=fold,
                wasserstein_training=trained.evaluations[:, 0],
                wasserstein_held_out=trained.evaluations[:, 1],
                energy_distance=trained.evaluations[:, 2],
            )
        )
        self.histories.append(curves[curves["epoch"] > after])

    def take(self, index: int) -> list[Trained]:
        """Choose a rate; the weights of the others need no room any more."""
        self.best, self.runs = self.runs[index], []
        return self.best

    def spend(self, trained: Trained) -> None:
        """Note who trained a run of this GAN, and for how long."""
        self.seconds += trained.seconds
        self.engines |= dict.fromkeys(trained.engines)
