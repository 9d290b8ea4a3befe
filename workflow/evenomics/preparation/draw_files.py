"""Training draws on disk: a folder of a study with two files per draw.

One file holds the samples. The other holds the scalers: that of the draw, and those of the folds of
its cross-validation, each fitted on the training samples of its fold.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenomics.config.experiments import DrawId
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.files import write_text
from evenomics.preparation.folds import stratified_folds
from evenomics.preparation.scaling import Power, SkewScaler, Unskewed, fit_scaler
from evenomics.randomness import derive_seed


@dataclass(frozen=True)
class Fold:
    """A fold of the cross-validation within a training draw.

    Attributes
    ----------
    train, test : ndarray of int
        Rows of the draw.
    scaler : SkewScaler
        Fitted on the training rows, or on the whole draw (see `prepare`).

    Examples
    --------
    >>> import pandas as pd
    >>> fold = Fold(np.array([0, 1, 2]), np.array([3]), SkewScaler().fit(np.arange(3.0)[:, None]))
    >>> fold.scaler.transform(np.array([[1.0]])).tolist()
    [[0.0]]
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    scaler: SkewScaler


@dataclass(frozen=True)
class TrainingDraw:
    """A training draw, how it is scaled, and how it is cross-validated.

    Attributes
    ----------
    id : DrawId
    cohort : Cohort
    scaler : SkewScaler
        Fitted on the draw.
    folds : tuple of Fold
    note : str
        Why there are fewer folds than asked for; empty otherwise.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"g1": np.arange(8.0)}, index=[f"s{i}" for i in range(8)])
    >>> cohort = Cohort(values, pd.Series(["control", "case"] * 4, index=values.index))
    >>> draw = prepare(DrawId("whole"), cohort, n_folds=5, seed=1, scale_folds=True)
    >>> len(draw.folds), draw.note
    (4, '4 folds, as many as the smallest class has samples')
    """

    id: DrawId
    cohort: Cohort
    scaler: SkewScaler
    folds: tuple[Fold, ...]
    note: str


def prepare(
    draw: DrawId,
    cohort: Cohort,
    *,
    n_folds: int,
    seed: int,
    scale_folds: bool,
    alpha: float = 0.05,
    unskewed: Unskewed = "robust",
    power_transform: Power = "bounded",
) -> TrainingDraw:
    """Fit the scalers of a training draw, and divide it into folds.

    Parameters
    ----------
    draw : DrawId
    cohort : Cohort
        Its samples.
    n_folds : int
        Folds of the cross-validation.
    seed : int
        Seed of the run.
    scale_folds : bool
        Whether each fold has a scaler of its own; otherwise all have that of the draw, which has
        seen their test samples.
    alpha, unskewed, power_transform : float, str, str
        See `evenomics.preparation.scaling.SkewScaler`.

    Returns
    -------
    TrainingDraw
    """
    assert cohort.classes is not None
    parts, note = stratified_folds(
        cohort.classes, n_folds, derive_seed(seed, "folds", *draw), cohort.groups
    )
    fit = partial(fit_scaler, alpha=alpha, unskewed=unskewed, power_transform=power_transform)
    scaler = fit(cohort)
    folds = [
        Fold(train, test, fit(cohort.take(train)) if scale_folds else scaler)
        for train, test in parts
    ]
    return TrainingDraw(draw, cohort, scaler, tuple(folds), note)


def draw_paths(folder: Path, draw: DrawId) -> tuple[Path, Path]:
    """Return where the samples of a training draw lie, and where its scalers do."""
    return folder / f"{draw.name}.tsv.gz", folder / f"{draw.name}.scalers.json"


def write_draw(draw: TrainingDraw, folder: Path) -> None:
    """Write a training draw of a study into the folder of all of them."""
    samples, scalers = draw_paths(folder, draw.id)
    write_cohort(draw.cohort, samples)
    folds = [
        {
            "test": fold.test.tolist(),
            "scaler": None if fold.scaler is draw.scaler else json.loads(fold.scaler.to_json()),
        }
        for fold in draw.folds
    ]
    content = {"scaler": json.loads(draw.scaler.to_json()), "folds": folds, "note": draw.note}
    write_text(scalers, json.dumps(content))


def read_draw(folder: Path, draw: DrawId) -> TrainingDraw:
    """Read what `write_draw` wrote."""
    samples, scalers = draw_paths(folder, draw)
    cohort = read_cohort(samples, draw.name)
    content = json.loads(scalers.read_text("utf-8"))
    scaler = SkewScaler.from_json(json.dumps(content["scaler"]))
    rows = np.arange(cohort.n_samples)
    folds = [
        Fold(
            np.delete(rows, fold["test"]),
            np.array(fold["test"], dtype=np.intp),
            SkewScaler.from_json(json.dumps(fold["scaler"])) if fold["scaler"] else scaler,
        )
        for fold in content["folds"]
    ]
    return TrainingDraw(draw, cohort, scaler, tuple(folds), content["note"])
