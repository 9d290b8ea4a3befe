"""Pre-training on the unlabelled external cohort, one hidden layer more per stage."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenomics.errors import TrainingError
from evenomics.files import read_table, write_table
from evenomics.gan import networks
from evenomics.gan.engines.base import Training
from evenomics.gan.networks import Floats, Weights
from evenomics.gan.run import TrainingRun
from evenomics.gan.serialization import load_weights, make_anew, save_weights
from evenomics.gan.settings import GanSettings
from evenomics.gan.trained import Trained
from evenomics.randomness import derive_key, stream

logger = logging.getLogger(__name__)


def check_samples(samples: Floats, what: str) -> None:
    """Raise a TrainingError for fewer than two samples, or values that are not finite."""
    if len(samples) < 2:
        raise TrainingError(
            f"{what}: {len(samples)} sample(s), and a GAN needs at least 2; "
            "leave the gan arms out for this class, or get more samples"
        )
    if not np.isfinite(samples).all():
        raise TrainingError(f"{what}: NaN or infinite values in the scaled training samples")


@dataclass(frozen=True)
class Pretrained:
    """Networks that know the external cohort.

    Attributes
    ----------
    weights : Weights
    history : DataFrame
        Columns stage, epoch, critic_loss, generator_loss, wasserstein.
    stages : DataFrame
        One row per stage: layers, epochs asked for and kept, engine, seconds.
    """

    weights: Weights
    history: pd.DataFrame
    stages: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write weights, history and stages into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_weights(folder / "weights.safetensors", self.weights)
        write_table(self.history, folder / "history.tsv.gz")
        write_table(self.stages, folder / "stages.tsv")

    @classmethod
    def load(cls, folder: Path) -> "Pretrained":
        """Read what `save` wrote (TrainingError if a file is missing or damaged)."""
        try:
            return cls(
                load_weights(folder / "weights.safetensors"),
                read_table(folder / "history.tsv.gz"),
                read_table(folder / "stages.tsv"),
            )
        except (TrainingError, OSError, EOFError) as error:
            raise TrainingError(f"{error}; {make_anew(folder)}") from None


def pretrain(
    external: Floats, settings: GanSettings, *, seed: int, training: Training
) -> Pretrained:
    """Pre-train on the unlabelled external cohort, one hidden layer more per stage.

    Parameters
    ----------
    external : ndarray of shape (n_samples, n_features)
        Scaled samples.
    settings : GanSettings
    seed : int
    training : Training
        Engine, threads, checkpoints.

    Returns
    -------
    Pretrained

    Raises
    ------
    TrainingError
        If there are fewer than two samples, or values that are not finite.
    """
    (pretrained,) = pretrain_replicates([external], settings, seed=seed, training=training)
    return pretrained


def pretrain_replicates(
    externals: Sequence[Floats], settings: GanSettings, *, seed: int, training: Training
) -> list[Pretrained]:
    """Pre-train side by side on the external cohorts of all replicates (see `pretrain`)."""
    for external in externals:
        check_samples(external, "external cohort")
    growing = [_Growing(external, seed, of) for of, external in enumerate(externals, 1)]
    for stage in range(len(settings.networks.hidden)):
        runs = [one.run(stage, settings) for one in growing]
        done = training.train(runs, f"pre-training, stage {stage + 1}")
        for one, trained in zip(growing, done, strict=True):
            one.take(stage, trained)
    return [one.pretrained() for one in growing]


@dataclass
class _Growing:
    """A GAN that grows in pre-training, with what is known of its stages."""

    external: Floats
    seed: int
    replicate: int
    weights: Weights | None = None
    histories: list[pd.DataFrame] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)

    def run(self, stage: int, settings: GanSettings) -> TrainingRun:
        """Add a hidden layer, and return the run that trains with it."""
        plan, shape = settings.pretraining, settings.networks
        rng = stream(self.seed, "initial weights", "pretraining", self.replicate, stage)
        if self.weights is None:
            start = networks.initial_weights(
                self.external.shape[1], shape.hidden[:1], rng, shape, shape.critic_hidden(1)
            )
        else:
            start = networks.grow(self.weights, rng, shape)
        return TrainingRun(
            name=f"pre-training of replicate {self.replicate}, stage {stage + 1}",
            samples=self.external,
            held_out=self.external[:0],
            start=start,
            key=derive_key(self.seed, "pretraining", self.replicate, stage),
            epochs=plan.epochs[stage],
            batch_size=plan.batch_size,
            learning_rate=plan.learning_rate,
            alpha=0.0,
            critic_updates=plan.critic_updates[stage],
            dropout=plan.dropout[stage],
            generator_dropout=shape.dropout_of_generator(plan.dropout[stage]),
            loss=settings.loss,
            updates=settings.updates,
            eval_every=settings.choice.eval_every,
            keep="last",
            curve=settings.choice.curve,
            threshold=settings.choice.threshold,
        )

    def take(self, stage: int, trained: Trained) -> None:
        """Take what a stage gave."""
        run, self.weights = trained.run, trained.weights
        self.histories.append(trained.curves().assign(stage=stage + 1))
        self.stages.append(
            {
                "stage": stage + 1,
                "generator": "-".join(map(str, self.weights.generator_architecture.widths)),
                "critic": "-".join(map(str, self.weights.critic_architecture.widths)),
                "epochs": run.epochs,
                "kept_epoch": trained.kept_epoch,
                "critic_updates": run.critic_updates,
                "dropout": run.dropout,
                "engine": " + ".join(trained.engines),
                "seconds": trained.seconds,
            }
        )
        if trained.epochs < run.epochs:
            logger.warning("%s: diverged at epoch %d", run.name, trained.epochs + 1)

    def pretrained(self) -> Pretrained:
        """Return what pre-training gave."""
        assert self.weights is not None
        history = pd.concat(self.histories, ignore_index=True)
        columns = ["stage", "epoch", "critic_loss", "generator_loss", "wasserstein"]
        return Pretrained(self.weights, history[columns], pd.DataFrame(self.stages))
