"""Thresholds that are tuned inside the training data, for the largest balanced accuracy.

The logic of scikit-learn's ``TunedThresholdClassifierCV``: thresholds are chosen on the scores of
test folds, where samples are real and new to the classifier (unless a draw is balanced before it
is divided, see `evenomics.evaluation.tuning.folds_after_balancing`). That class tries 100 equally
spaced thresholds and interpolates between them; here all that differ are tried. More classes are
ours.
"""

from collections.abc import Sequence

import numpy as np

from evenomics.evaluation.metric import Codes, Floats, Prediction

# sums of the same shares in another order
_ROUNDING = 1e-12


def tuned_thresholds(folds: Sequence[Prediction]) -> Floats:
    """Choose the thresholds with the largest balanced accuracy, on average over test folds.

    Two classes: of all cuts midway between neighbouring decision values, and the default, the best;
    of equally good ones the nearest to the default. A cut beyond all values, which predicts one
    class alone, is not tried. More classes: one class after the other gets its best threshold, the
    others being what they are, until none is better. Either way the default stays where nothing is
    better on these folds.

    Parameters
    ----------
    folds : sequence of Prediction
        Of the test folds of a cross-validation.

    Returns
    -------
    ndarray of float, shape (n_classes,)
        See `Prediction.with_thresholds`.

    Examples
    --------
    >>> values = np.array([-4.0, -3.0, -2.0, -1.0, 1.0])
    >>> fold = Prediction(np.array([0, 0, 1, 1, 1]), np.column_stack([-values, values]))
    >>> tuned_thresholds([fold])
    array([ 2.5, -2.5])
    """
    scores = np.concatenate([fold.scores for fold in folds])
    classes = np.concatenate([fold.classes for fold in folds])
    weights = np.concatenate([_weights(fold.classes) for fold in folds]) / len(folds)
    n_classes = scores.shape[1]
    if n_classes == 2:
        cut = _best_cut(scores[:, 1], weights * (classes == 1), weights * (classes == 0), 0.0)
        return np.array([0.0 - cut, cut])

    def balanced_accuracy(thresholds: Floats) -> float:
        return float(weights[(scores - thresholds).argmax(axis=1) == classes].sum())

    thresholds = np.zeros(n_classes)
    reached, before = balanced_accuracy(thresholds), -np.inf
    while reached > before:
        before = reached
        for code in range(n_classes):
            others = scores - thresholds
            others[:, code] = -np.inf
            rival = others.argmax(axis=1)
            moved = thresholds.copy()
            moved[code] = _best_cut(
                scores[:, code] - others.max(axis=1),
                weights * (classes == code),
                weights * (classes == rival),
                thresholds[code],
            )
            if (found := balanced_accuracy(moved)) > reached + _ROUNDING:
                thresholds, reached = moved, found
    return thresholds


def _weights(classes: Codes) -> Floats:
    """Return what a sample adds to the balanced accuracy where its class is predicted."""
    counts = np.bincount(classes)
    return 1 / (counts[classes] * np.count_nonzero(counts))


def _best_cut(values: Floats, above: Floats, below: Floats, default: float) -> float:
    """Return the cut with the largest sum of `above` over larger values and `below` over others.

    Parameters
    ----------
    values, above, below : ndarray of float, shape (n_samples,)
    default : float
        The nearest to it of equally good cuts is taken.
    """
    order = np.argsort(values)
    ordered = values[order]
    gains = above.sum() + np.cumsum((below - above)[order])
    steps = np.flatnonzero(np.diff(ordered) > 0)
    cuts = np.append((ordered[steps] + ordered[steps + 1]) / 2, default)
    at_default = above[values > default].sum() + below[values <= default].sum()
    gains = np.append(gains[steps], at_default)
    good = cuts[gains >= gains.max() - _ROUNDING]
    return float(good[np.abs(good - default).argmin()])
