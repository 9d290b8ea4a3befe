"""How much each validation sample adds to the error of a metric.

The contributions of two classifiers on the same samples give the covariance of their metrics, which
is the sum of the products. The contributions of a mean over repeats are the means of theirs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evenomics.evaluation.metric import Codes, Floats, Prediction


def delong(classes: Codes, scores: Floats) -> tuple[Floats, Floats]:
    """Return AUROCs, and what each sample contributes to their errors.

    With more than two classes the AUROC is the one-vs-rest mean. The numbers of samples of the
    classes are taken as given.

    Parameters
    ----------
    classes : ndarray of int, shape (n_samples,)
        Codes of the true classes, at least two samples of each.
    scores : ndarray of float, shape (..., n_samples, n_classes)
        Of any number of classifiers.

    Returns
    -------
    auroc : ndarray of float, shape (...)
    contributions : ndarray of float, shape (..., n_samples)

    References
    ----------
    DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837, equations 4 to 6; mid-ranks as in Sun,
    Xu 2014, IEEE Signal Processing Letters 21:1389.

    Examples
    --------
    >>> values = np.array([0.1, 0.3, 0.2, 0.4])
    >>> auroc, contributions = delong(np.array([0, 0, 1, 1]), np.column_stack([-values, values]))
    >>> float(auroc), round(float(contributions @ contributions), 6)
    (0.75, 0.125)
    """
    n_classes = scores.shape[-1]
    positives = [1] if n_classes == 2 else range(n_classes)
    parts = np.mean([_placements(classes == code, scores[..., code]) for code in positives], axis=0)
    auroc = parts.sum(axis=-1) / 2  # both the positives' parts and the negatives' sum to it
    n = np.bincount(classes)[classes]
    return auroc, _centred(parts, classes) * np.sqrt(n / (n - 1))


def _centred(values: Floats, classes: Codes) -> Floats:
    """Subtract the means of the classes; the samples are along the last axis."""
    centred = values.copy()
    for code in np.unique(classes):
        of_class = classes == code
        centred[..., of_class] -= values[..., of_class].mean(axis=-1, keepdims=True)
    return centred


def _placements(truth: NDArray[np.bool_], score: Floats) -> Floats:
    """Share of the other side that a sample is rightly ranked to, over the size of its own side."""
    n_positive = np.count_nonzero(truth)
    n_negative = len(truth) - n_positive
    n_below = rankdata(score, axis=-1)
    for side in (truth, ~truth):
        n_below[..., side] -= rankdata(score[..., side], axis=-1)  # of the other side
    n_right = np.where(truth, n_below, n_positive - n_below)
    return n_right / (n_positive * n_negative)


def jackknife(score: Callable[[Prediction], float], prediction: Prediction) -> Floats:
    """Return what each sample contributes to the error of a metric, by leaving it out.

    The numbers of samples of the classes are taken as given.

    Parameters
    ----------
    score : callable
        ``score(prediction) -> float``, such as `Metric.score`.
    prediction : Prediction
        At least two samples of each class. Tuned thresholds are not looked at.

    Returns
    -------
    ndarray of float, shape (n_samples,)

    References
    ----------
    Arvesen 1969, Annals of Mathematical Statistics 40:2076 (several samples). Of the AUROC it gives
    what `delong` gives.

    Examples
    --------
    >>> from evenomics.evaluation.metric import METRICS
    >>> wrong = Prediction(np.array([0, 0, 1, 1]), np.eye(2)[[0, 0, 1, 0]])
    >>> jackknife(METRICS["sensitivity"].score, wrong).round(3)
    array([ 0.   ,  0.   ,  0.354, -0.354])
    """
    given = prediction.probabilities
    columns = [prediction.classes, prediction.scores, *([] if given is None else [given])]
    # whichever of samples that are the same is left out, the metric is the same
    _, first, which = np.unique(
        np.column_stack(columns), axis=0, return_index=True, return_inverse=True
    )
    without = np.array([score(_without(prediction, sample)) for sample in first])[which]
    n = np.bincount(prediction.classes)[prediction.classes]
    return _centred(-without, prediction.classes) * np.sqrt((n - 1) / n)


def of_groups(contributions: Floats, classes: Codes, groups: Codes) -> Floats:
    """Return what each group of samples adds to the error; samples of a group are not independent.

    Parameters
    ----------
    contributions : ndarray of float, shape (n_samples,)
        Of `delong` or `jackknife`.
    classes : ndarray of int, shape (n_samples,)
        Codes of the true classes, each with samples of at least two groups.
    groups : ndarray of int, shape (n_samples,)
        Numbers of the groups (e.g. patients), from 0. A group may have samples of several classes.

    Returns
    -------
    ndarray of float, shape (n_groups,)

    References
    ----------
    Obuchowski 1997, Biometrics 53:567 (clustered ROC curves).

    Examples
    --------
    >>> of_groups(np.array([0.5, 0.25, -0.75]), np.zeros(3, int), np.array([0, 0, 1])).round(3)
    array([ 0.866, -0.866])
    """
    factors = np.empty(len(classes))
    for code in np.unique(classes):
        of_class = classes == code
        n, n_groups = np.count_nonzero(of_class), len(np.unique(groups[of_class]))
        # the variance is that among groups, not among samples
        factors[of_class] = np.sqrt(n_groups / (n_groups - 1) * (n - 1) / n)
    return np.asarray(np.bincount(groups, factors * contributions), dtype=np.float64)


def _without(prediction: Prediction, sample: int) -> Prediction:
    given = prediction.probabilities
    return Prediction(
        classes=np.delete(prediction.classes, sample),
        scores=np.delete(prediction.scores, sample, axis=0),
        probabilities=None if given is None else np.delete(given, sample, axis=0),
    )
