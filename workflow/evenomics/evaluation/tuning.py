"""Choose the hyper-parameters of classifiers by cross-validation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from evenomics.balancing.arm import Arm
from evenomics.balancing.balancer import Balancer
from evenomics.evaluation.classifier import CLASSIFIERS, fit, predict
from evenomics.evaluation.metric import METRICS
from evenomics.preparation.folds import stratified_folds
from evenomics.preparation.samples import Samples
from evenomics.randomness import derive_seed


def _cv_auroc(
    name: str, parameters: Mapping[str, Any], train: Samples, test: Samples, arm: Arm
) -> float:
    kind = CLASSIFIERS[name]
    if kind.is_constant(parameters, len(train.y)):
        return 0.5
    prediction = predict(kind, fit(kind, parameters, train, arm.class_weight), test)
    return METRICS["auroc"].score(prediction)


@dataclass(frozen=True)
class Tuned:
    """Hyper-parameters chosen by cross-validation.

    Attributes
    ----------
    parameters : dict
    cv_auroc : float
        Mean over the folds at these parameters.
    n_folds : int
    note : str
    """

    parameters: dict[str, Any]
    cv_auroc: float
    n_folds: int
    note: str


def tune(
    kinds: Iterable[str], samples: Samples, balancer: Balancer, *, n_folds: int = 5, n_jobs: int = 1
) -> dict[str, Tuned]:
    """Choose hyper-parameters by stratified cross-validation on AUROC.

    Parameters
    ----------
    kinds : iterable of str
        Names in `CLASSIFIERS`.
    samples : Samples
        The training draw. The samples of a group stay in one fold.
    balancer : Balancer
        Balances the training folds; test folds stay as they are.
    n_folds : int
        Fewer where a class has fewer samples, or groups, which is noted.
    n_jobs : int
        Processes; -1 takes as many as there are cores.

    Returns
    -------
    dict of str to Tuned
        The point of the grid with the largest mean; of equally good ones the first.
    """
    seed = derive_seed(balancer.seed, "folds")
    parts, fewer = stratified_folds(samples.y, n_folds, seed, samples.groups)
    notes, folds = [fewer], []
    for i, (train, test) in enumerate(parts):
        balanced, note = balancer.balance(Samples(samples.X[train], samples.y[train]), "fold", i)
        folds.append((balanced, Samples(samples.X[test], samples.y[test])))
        notes.append(note)
    note = "; ".join(dict.fromkeys(filter(None, notes)))
    tuned = {}
    with Parallel(n_jobs=n_jobs) as parallel:
        for name in kinds:
            points = CLASSIFIERS[name].points
            best, mean = _best_point(name, points, folds, balancer.arm, parallel)
            tuned[name] = Tuned(points[best], mean, len(folds), note)
    return tuned


def _best_point(
    name: str,
    points: Sequence[Mapping[str, Any]],
    folds: Sequence[tuple[Samples, Samples]],
    arm: Arm,
    parallel: Parallel,
) -> tuple[int, float]:
    """Find the point with the largest mean AUROC over the folds, of equal ones the first.

    A fold that was not fitted yet cannot give more than 1, which bounds the mean of its point.
    Points are followed in the order of their bounds, fold by fold, until the first in line has all
    its folds: no other can be better, and their remaining folds need not be fitted. How many are
    fitted at a time changes what is fitted in vain, but not what is found.
    """
    auroc = np.ones((len(points), len(folds)))
    fitted = np.zeros(len(points), dtype=int)
    while True:
        bounds = auroc.mean(axis=1)
        order = np.argsort(-bounds, kind="stable")
        if fitted[order[0]] == len(folds):
            return int(order[0]), float(bounds[order[0]])
        open_points = [point for point in order if fitted[point] < len(folds)]
        next_points = open_points[: effective_n_jobs(parallel.n_jobs)]
        values = parallel(
            delayed(_cv_auroc)(name, points[point], *folds[fitted[point]], arm)
            for point in next_points
        )
        auroc[next_points, fitted[next_points]] = values
        fitted[next_points] += 1
