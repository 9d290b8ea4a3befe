"""Cross-validate classifiers within a training draw: their hyper-parameters, and what follows.

The predictions for the test folds also give the threshold of the tuned decision and, for a
classifier without probabilities, their calibration. Both know nothing but the training draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray

from evenomics.balancing.balancer import Balancer
from evenomics.evaluation.calibration import Calibration, fit_calibration
from evenomics.evaluation.classifier import CLASSIFIERS, ClassWeight, fit, predict
from evenomics.evaluation.metric import METRICS, Metric, Prediction
from evenomics.evaluation.thresholds import tuned_thresholds
from evenomics.preparation.draw_files import TrainingDraw
from evenomics.preparation.folds import stratified_folds
from evenomics.preparation.samples import Samples, scaled_samples


class BalancedFold(NamedTuple):
    """A balanced training set, and test samples as they are."""

    train: Samples
    test: Samples


def balanced_folds(
    draw: TrainingDraw, classes: Sequence[str], balancers: Sequence[Balancer]
) -> tuple[list[BalancedFold], str]:
    """Return the folds of a draw, their training sets balanced and their test sets left.

    Parameters
    ----------
    draw : TrainingDraw
    classes : sequence of str
        Classes of the study.
    balancers : sequence of Balancer
        One for each fold.

    Returns
    -------
    folds : list of BalancedFold
    note : str
        What was not as usual; empty if nothing was.
    """
    notes, folds = [draw.note], []
    for i, (fold, balancer) in enumerate(zip(draw.folds, balancers, strict=True)):
        train, test = (
            scaled_samples(draw.cohort.take(rows), fold.scaler, classes)
            for rows in (fold.train, fold.test)
        )
        balanced, note = balancer.balance(train, "fold", i)
        folds.append(BalancedFold(balanced, test))
        notes.append(note)
    return folds, "; ".join(dict.fromkeys(filter(None, notes)))


def folds_after_balancing(
    train: Samples, balancer: Balancer, n_folds: int, seed: int
) -> tuple[list[BalancedFold], str]:
    """Return the folds of a draw that is balanced before it is divided.

    Copies of a test sample, and samples made from it, may be in training, and groups are torn. So
    scores on these folds are too high, and thresholds and calibrations are fitted to such scores.
    Source: the released scripts of Cusworth, Gkoutos, Acharjee 2024.

    Parameters
    ----------
    train : Samples
        The whole draw.
    balancer : Balancer
    n_folds : int
    seed : int
        Of the division.

    Returns
    -------
    folds : list of BalancedFold
    note : str
        What was not as usual; empty if nothing was.
    """
    balanced, note = balancer.balance(train, "tuning")
    parts, fewer = stratified_folds(balanced.y, n_folds, seed)
    folds = [
        BalancedFold(*(Samples(balanced.X[rows], balanced.y[rows]) for rows in part))
        for part in parts
    ]
    return folds, "; ".join(filter(None, [fewer, note]))


@dataclass(frozen=True)
class Tuned:
    """What cross-validation chose for a classifier.

    Attributes
    ----------
    parameters : dict of str to object
        Hyper-parameters.
    cv_score : float
        Mean of the metric over the folds at these parameters.
    thresholds : ndarray of float, shape (n_classes,)
        Of the tuned decision (see `evenomics.evaluation.thresholds`).
    calibration : Calibration or None
        For a classifier without probabilities.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(30, 3)) + np.repeat([0, 1], 15)[:, None]
    >>> samples, rows = Samples(X, np.repeat([0, 1], 15)), np.arange(30)
    >>> def part(of):
    ...     return Samples(X[of], samples.y[of])
    ...
    >>> folds = [BalancedFold(part(rows % 3 != i), part(rows % 3 == i)) for i in range(3)]
    >>> tuned = tune({"svc": CLASSIFIERS["svc"].points}, folds)["svc"]
    >>> 0.5 < tuned.cv_score < 1, sorted(tuned.parameters)
    (True, ['C', 'kernel'])
    """

    parameters: dict[str, Any]
    cv_score: float
    thresholds: NDArray[np.float64]
    calibration: Calibration | None


def tune(
    points: Mapping[str, Sequence[dict[str, Any]]],
    folds: Sequence[BalancedFold],
    *,
    metric: str = "auroc",
    class_weight: ClassWeight = None,
    n_jobs: int = 1,
) -> dict[str, Tuned]:
    """Choose hyper-parameters, thresholds and calibrations by cross-validation.

    Parameters
    ----------
    points : mapping of str to sequence of dict
        Hyper-parameters to choose from, by classifier; a single point is cross-validated as well.
    folds : sequence of BalancedFold
    metric : str
        Name in `METRICS`, of which a larger value is better.
    class_weight : {"balanced"} or None
    n_jobs : int
        Processes; -1 takes as many as there are cores.

    Returns
    -------
    dict of str to Tuned
        By classifier, at the point with the largest mean of the metric over the folds; of equally
        good ones the first.
    """
    tuned = {}
    with Parallel(n_jobs=n_jobs) as parallel:
        for name, of_name in points.items():
            best, mean, predictions = _best_point(
                name, of_name, folds, METRICS[metric], class_weight, parallel
            )
            needs_calibration = not CLASSIFIERS[name].gives_probabilities
            tuned[name] = Tuned(
                of_name[best],
                mean,
                tuned_thresholds(predictions),
                fit_calibration(predictions) if needs_calibration else None,
            )
    return tuned


def _predicted(
    name: str, parameters: Mapping[str, Any], fold: BalancedFold, class_weight: ClassWeight
) -> Prediction:
    """Predict the test samples of a fold."""
    classifier, n_train = CLASSIFIERS[name], len(fold.train.y)
    if classifier.is_constant(parameters, n_train):
        shares = np.bincount(fold.train.y) / n_train
        odds = np.log(shares[1] / shares[0])
        scores = shares if len(shares) > 2 else np.array([-odds, odds])
        alike = np.ones((len(fold.test.y), 1))
        return Prediction(fold.test.y, alike * scores, alike * shares)
    return predict(classifier, fit(classifier, parameters, fold.train, class_weight), fold.test)


def _best_point(
    name: str,
    points: Sequence[Mapping[str, Any]],
    folds: Sequence[BalancedFold],
    metric: Metric,
    class_weight: ClassWeight,
    parallel: Parallel,
) -> tuple[int, float, list[Prediction]]:
    """Return the point with the largest mean score: its index, that mean, its predictions.

    Of equally good points it is the first. The score of a fold that is not fitted yet is at most 1,
    which bounds the mean of its point. The points with the largest bounds are fitted next, one fold
    each, until the first of them has all its folds: no other can be better, and their remaining
    folds need not be fitted. The number of processes changes how many fits are in vain, but not the
    result.
    """
    scores = np.ones((len(points), len(folds)))
    predictions: list[list[Prediction]] = [[] for _ in points]
    while True:
        bounds = scores.mean(axis=1)
        order = np.argsort(-bounds, kind="stable")
        if len(predictions[order[0]]) == len(folds):
            return int(order[0]), float(bounds[order[0]]), predictions[order[0]]
        open_points = [point for point in order if len(predictions[point]) < len(folds)]
        next_points = open_points[: effective_n_jobs(parallel.n_jobs)]
        found = parallel(
            delayed(_predicted)(name, points[point], folds[len(predictions[point])], class_weight)
            for point in next_points
        )
        for point, prediction in zip(next_points, found, strict=True):
            scores[point, len(predictions[point])] = metric.score(prediction)
            predictions[point].append(prediction)
