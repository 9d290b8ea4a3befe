"""Choose hyper-parameters of classifiers by cross-validation on the training draw."""

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
    classifier = CLASSIFIERS[name]
    if classifier.is_constant(parameters, len(train.y)):
        return 0.5
    model = fit(classifier, parameters, train, arm.class_weight)
    return METRICS["auroc"].score(predict(classifier, model, test))


@dataclass(frozen=True)
class Tuned:
    """Hyper-parameters chosen by cross-validation.

    Attributes
    ----------
    parameters : dict of str to object
    cv_auroc : float
        Mean over the folds at these parameters.
    n_folds : int
    note : str
        What was not as usual in the folds; empty if nothing was.

    Examples
    --------
    >>> import numpy as np
    >>> from evenomics.balancing.arm import ARMS
    >>> from evenomics.config.arms import Setting
    >>> X = np.random.default_rng(0).normal(size=(30, 3)) + np.repeat([0, 1], 15)[:, None]
    >>> samples = Samples(X, np.repeat([0, 1], 15))
    >>> balancer = Balancer(ARMS["none"], Setting(), 0, {}, seed=1, names=())
    >>> tuned = tune(["svc"], samples, balancer, n_folds=3)["svc"]
    >>> tuned.n_folds, 0.5 < tuned.cv_auroc < 1, sorted(tuned.parameters)
    (3, True, ['C', 'kernel'])
    """

    parameters: dict[str, Any]
    cv_auroc: float
    n_folds: int
    note: str


def tune(
    classifiers: Iterable[str],
    samples: Samples,
    balancer: Balancer,
    *,
    n_folds: int = 5,
    n_jobs: int = 1,
) -> dict[str, Tuned]:
    """Choose hyper-parameters by stratified cross-validation on AUROC.

    Parameters
    ----------
    classifiers : iterable of str
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
        By classifier: the point of its grid with the largest mean AUROC over the folds; of equally
        good ones the first.
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
        for name in classifiers:
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
    """Return the index and the AUROC of the point with the largest mean over the folds.

    Of equally good points it is the first. The AUROC of a fold that is not fitted yet is at most 1,
    which bounds the mean of its point. The points with the largest bounds are fitted next, one fold
    each, until the first of them has all its folds: no other can be better, and their remaining
    folds need not be fitted. The number of processes changes how many fits are in vain, but not the
    result.
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
