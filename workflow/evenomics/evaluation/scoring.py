"""Scores of an arm: tune classifiers, train them on balanced draws, score them on validation.

In cross-validation only training folds are balanced; test folds hold real samples, and no patient
is on both sides. The GAN arms tune with the generators of the whole draw, which have seen the test
folds: their cross-validated AUROC is too high, and serves only to choose hyper-parameters. The
score that counts is on the validation cohort, which no training has seen.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification).
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from evenomics.balancing.arm import arm_named
from evenomics.balancing.balancer import Balancer, added_rows
from evenomics.config.arms import Grid, Samplers, gans_at, gans_of, over_represented
from evenomics.data.cohort import Cohort
from evenomics.errors import TrainingError
from evenomics.evaluation.classifier import CLASSIFIERS, fit, predict
from evenomics.evaluation.metric import FALSE_POSITIVE_RATES, METRICS, roc
from evenomics.evaluation.tuning import Tuned, tune
from evenomics.gan.generator import Generator
from evenomics.gan.requests import gan_name
from evenomics.messages import some
from evenomics.preparation.samples import Samples, scaled_samples
from evenomics.preparation.scaling import SkewScaler

logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ArmScores:
    """Results of an arm in one experiment, at all of its settings.

    Attributes
    ----------
    scores : DataFrame
        Columns experiment, arm, alpha, multiplier, bandwidth, classifier, repeat, metric, value.
    tuning : DataFrame
        Columns experiment, arm, alpha, multiplier, bandwidth, classifier, parameters (JSON),
        cv_auroc, n_folds, note.
    roc : DataFrame
        Columns experiment, arm, alpha, multiplier, bandwidth, classifier, fpr, tpr_mean, tpr_sd.
    generated : DataFrame
        Samples that the first repeat added, in the user's units: columns sample_id, class,
        features, alpha, multiplier, bandwidth.
    """

    scores: pd.DataFrame
    tuning: pd.DataFrame
    roc: pd.DataFrame
    generated: pd.DataFrame


def score_arm(
    name: str,
    draw: Cohort,
    validation: Cohort,
    scaler: SkewScaler,
    classes: Sequence[str],
    *,
    grid: Grid,
    samplers: Samplers,
    generators: Mapping[str, Generator],
    hidden: Sequence[int],
    classifiers: Sequence[str],
    repeats: int,
    folds: int,
    seed: int,
    n_jobs: int = 1,
) -> ArmScores:
    """Tune, train and score classifiers on a training draw that one arm balances.

    Parameters
    ----------
    name : str
        Name of the arm in the config.
    draw : Cohort
        Training draw; its name is that of the experiment.
    validation : Cohort
        Validation cohort, with the features of the draw.
    scaler : SkewScaler
        Fitted on the draw.
    classes : sequence of str
        Classes of the study; with two, the second is the positive one.
    grid : Grid
        Values that the settings of the arm are made of.
    samplers : mapping
        Samplers of other libraries, as in the config.
    generators : mapping of str to Generator
        Trained generators by the name of their GAN.
    hidden : sequence of int
        Widths of the hidden layers of generators.
    classifiers : sequence of str
        Names in `CLASSIFIERS`.
    repeats : int
        Classifiers of each kind, each trained on newly generated samples. Where the training set is
        always the same (`none`, `class_weight`), one is trained and its scores are repeated.
    folds : int
        Folds of the cross-validation for tuning.
    seed : int
        Seed of the run.
    n_jobs : int
        Processes.

    Returns
    -------
    ArmScores

    Raises
    ------
    TrainingError
        If generators are missing.
    """
    arm, counts = arm_named(name, samplers), draw.class_counts()
    needed = (gan_name(*gan) for gan in gans_of([arm.entry], grid.alphas, counts, classes))
    if missing := [gan for gan in needed if gan not in generators]:
        raise TrainingError(
            f"arm {name!r}, experiment {draw.name!r}: no generators for the GANs {some(missing)}; "
            f"there are those of {some(generators) or 'none'}"
        )
    train = scaled_samples(draw, scaler, classes)
    test = scaled_samples(validation, scaler, classes)
    over = classes.index(over_represented(counts, classes))
    scores, tuning, curves, generated = [], [], [], []
    for setting in arm.settings(grid):
        by_code = {
            classes.index(gan.class_name): generators[gan_name(*gan)]
            for gan in gans_at(arm.entry, setting, counts, classes)
        }
        balancer = Balancer(arm, setting, over, by_code, seed, (draw.name, name), hidden)
        tuned = tune(classifiers, train, balancer, n_folds=folds, n_jobs=n_jobs)
        first, _ = balancer.balance(train, "repeat", 0)
        generated.append(_added(train, first, scaler, draw, classes).assign(**setting.labels))
        n_different = 1 if first is train else repeats
        outcomes = Parallel(n_jobs=n_jobs)(
            delayed(_repeat)(repeat, balancer, train, test, tuned) for repeat in range(n_different)
        )
        outcomes *= repeats // n_different
        for classifier, choice in tuned.items():
            label = {"experiment": draw.name, "arm": name, **setting.labels}
            label["classifier"] = classifier
            notes = dict.fromkeys([choice.note, *(note for note, _ in outcomes)])
            row = asdict(choice) | {"note": "; ".join(filter(None, notes))}
            logger.info("%s tuned: %s", " ".join(label.values()), row)
            metrics, rates = zip(*(of[classifier] for _, of in outcomes), strict=True)
            tuning.append(label | row | {"parameters": json.dumps(choice.parameters)})
            values = pd.DataFrame(metrics).rename_axis("repeat").reset_index()
            scores.append(_labelled(values.melt("repeat", var_name="metric"), label))
            curve = {
                "fpr": FALSE_POSITIVE_RATES,
                "tpr_mean": np.mean(rates, axis=0),
                "tpr_sd": np.std(rates, axis=0, ddof=1),
            }
            curves.append(_labelled(pd.DataFrame(curve), label))
    return ArmScores(
        pd.concat(scores, ignore_index=True),
        pd.DataFrame(tuning),
        pd.concat(curves, ignore_index=True),
        pd.concat(generated, ignore_index=True),
    )


def _labelled(frame: pd.DataFrame, label: Mapping[str, str]) -> pd.DataFrame:
    return frame.assign(**label)[[*label, *frame.columns]]


def _repeat(
    repeat: int, balancer: Balancer, train: Samples, test: Samples, tuned: Mapping[str, Tuned]
) -> tuple[str, dict[str, tuple[dict[str, float], Floats]]]:
    """Train and score the classifiers of one repeat.

    The balanced training set exists only here: those of all repeats of a wide table would fill the
    memory.

    Returns
    -------
    note : str
        Of the balancer.
    outcomes : dict of str to (dict of str to float, ndarray of float of shape (101,))
        Metrics and ROC curve of each classifier.
    """
    samples, note = balancer.balance(train, "repeat", repeat)
    outcomes = {}
    for name, choice in tuned.items():
        classifier = CLASSIFIERS[name]
        model = fit(classifier, choice.parameters, samples, balancer.arm.class_weight)
        prediction = predict(classifier, model, test)
        values = {metric: METRICS[metric].score(prediction) for metric in METRICS}
        outcomes[name] = values, roc(prediction)
    return note, outcomes


def _added(
    train: Samples, balanced: Samples, scaler: SkewScaler, draw: Cohort, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the samples that were added to the draw, in the user's units."""
    rows = added_rows(train, balanced)
    new, codes = balanced.X[rows], balanced.y[rows]
    table = pd.DataFrame(new, columns=draw.features.columns)
    if len(new):
        table[:] = scaler.inverse_transform(table)
    table.insert(0, "sample_id", [f"generated_{i + 1}" for i in range(len(new))])
    table.insert(1, "class", [classes[code] for code in codes])
    return table
