"""The GANs of training draws, on the whole draw and on the folds of its cross-validation."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenomics.config.arms import gans_of, over_represented
from evenomics.files import write_table
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.pretraining import Pretrained
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain, retrain_as_chosen
from evenomics.gan.serialization import generator_path, load_generators, save_generator
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import Fold, TrainingDraw
from evenomics.preparation.samples import Samples, scaled_samples


@dataclass(frozen=True)
class DrawGenerators:
    """Generators of a training draw, by the name of their GAN.

    Attributes
    ----------
    whole : mapping of str to Generator
        Trained on the whole draw.
    folds : sequence of mapping of str to Generator
        For each fold of its cross-validation, trained without the test samples. Empty where the
        folds share those of the whole draw.

    Examples
    --------
    >>> shared = DrawGenerators({"case.alpha0.transfer": "G"})
    >>> shared.of_fold(2)
    {'case.alpha0.transfer': 'G'}
    """

    whole: Mapping[str, Generator] = field(default_factory=dict)
    folds: Sequence[Mapping[str, Generator]] = ()

    def of_fold(self, number: int) -> Mapping[str, Generator]:
        """Return the generators of a fold, from 0."""
        return self.folds[number] if self.folds else self.whole


def load_draw_generators(
    training: Path, draw: TrainingDraw, gans: Sequence[str], *, in_folds: bool
) -> DrawGenerators:
    """Read generators of a draw from the folder of all GANs of a study.

    Parameters
    ----------
    training : Path
        What `train_draws` wrote.
    draw : TrainingDraw
    gans : sequence of str
        Names of the GANs.
    in_folds : bool
        Whether to read those of the folds.

    Returns
    -------
    DrawGenerators

    Raises
    ------
    TrainingError
        With every generator of the whole draw that is missing, damaged, or of another format; if
        there is none, with those of the first fold that has some.
    """
    numbers = range(1, 1 + len(draw.folds)) if in_folds else ()
    return DrawGenerators(
        load_generators(training, draw.id, gans),
        [load_generators(training, draw.id, gans, number) for number in numbers],
    )


def gan_requests(
    draw: TrainingDraw,
    entries: Sequence[Mapping[str, Any]],
    alphas: Sequence[Sequence[float]],
    classes: Sequence[str],
) -> list[GanRequest]:
    """Return every GAN that arms need of a training draw, each once.

    Parameters
    ----------
    draw : TrainingDraw
    entries : sequence of mapping
        Of the arms, in ``schema/names.yaml``.
    alphas : sequence of pairs of float
        See `evenomics.config.arms.Grid`.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    list of GanRequest
    """
    counts = draw.cohort.class_counts()
    over = over_represented(counts, classes)
    scaled = scaled_samples(draw.cohort, draw.scaler, classes)
    return [
        GanRequest(
            draw.id.experiment,
            label,
            alpha=alpha,
            over=label == over,
            variant=variant,
            replicate=draw.id.replicate,
            **_of_class(scaled, classes.index(label)),
        )
        for label, alpha, variant in gans_of(entries, alphas, counts, classes)
    ]


def _of_class(scaled: Samples, code: int) -> dict[str, Any]:
    """Return what a request has of the samples: those of its class, their groups, the others."""
    rows = scaled.y == code
    return {
        "samples": scaled.X[rows],
        "groups": None if scaled.groups is None else scaled.groups[rows],
        "others": tuple(scaled.X[scaled.y == y] for y in np.unique(scaled.y) if y != code),
    }


def _in_fold(
    request: GanRequest, draw: TrainingDraw, number: int, classes: Sequence[str]
) -> GanRequest:
    """Return the same GAN for the training samples of a fold, from 1, with the fold's scaler."""
    fold: Fold = draw.folds[number - 1]
    train = scaled_samples(draw.cohort.take(fold.train), fold.scaler, classes)
    return replace(request, fold=number, **_of_class(train, classes.index(request.class_name)))


def train_draws(
    draws: Sequence[TrainingDraw],
    pretrained: Pretrained | None,
    folder: Path,
    *,
    entries: Sequence[Mapping[str, Any]],
    alphas: Sequence[Sequence[float]],
    classes: Sequence[str],
    settings: GanSettings,
    in_folds: bool,
    seed: int,
    training: Training,
) -> None:
    """Train the GANs of training draws side by side, and write all that came of them.

    Parameters
    ----------
    draws : sequence of TrainingDraw
    pretrained : Pretrained or None
        Needed by arms with pre-trained GANs.
    folder : Path
        For each draw gets a folder with the generators and the tables ``chosen.tsv``,
        ``rates.tsv`` and ``history.tsv.gz``.
    entries, alphas, classes
        See `gan_requests`.
    settings : GanSettings
    in_folds : bool
        Whether each fold has generators of its own.
    seed : int
    training : Training

    Raises
    ------
    TrainingError
        See `evenomics.gan.retraining.retrain`.
    """
    requests = [r for draw in draws for r in gan_requests(draw, entries, alphas, classes)]
    options: dict[str, Any] = {"seed": seed, "training": training}
    trained = retrain(requests, pretrained, settings, **options)
    of_draw = {draw.id: draw for draw in draws}
    for draw in draws:
        mine = [gan for gan in trained if gan.request.draw == draw.id]
        tables = folder / draw.id.name
        write_table(pd.DataFrame([gan.chosen for gan in mine]), tables / "chosen.tsv")
        write_table(pd.concat([gan.rates for gan in mine]), tables / "rates.tsv")
        write_table(pd.concat([gan.history for gan in mine]), tables / "history.tsv.gz")
    output = asdict(settings.output)
    for gan in trained:
        path = generator_path(folder, gan.request.draw, gan.request.gan)
        save_generator(path, gan.generator, {**gan.chosen, "output": output})
    # fold by fold, since those of all folds would take as much memory as there are folds
    n_folds = max(len(draw.folds) for draw in draws) if in_folds else 0
    for number in range(1, 1 + n_folds):
        chosen, again = [], []
        for gan in trained:
            draw = of_draw[gan.request.draw]
            if number <= len(draw.folds):
                chosen.append(gan.chosen)
                again.append(_in_fold(gan.request, draw, number, classes))
        generators = retrain_as_chosen(again, chosen, pretrained, settings, **options)
        for request, row, generator in zip(again, chosen, generators, strict=True):
            path = generator_path(folder, request.draw, request.gan, number)
            save_generator(path, generator, {**row, "fold": number, "output": output})
