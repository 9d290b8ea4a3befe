"""Probabilities for classifiers without: a sigmoid of scores, fitted inside the training data.

The logic of scikit-learn's ``CalibratedClassifierCV(method="sigmoid", ensemble=False)``: sigmoids
are fitted to the scores of test folds, where samples are real and new to the classifier.

Source: Platt 1999, Probabilistic outputs for support vector machines; more classes one-vs-rest,
Zadrozny and Elkan 2002.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from evenomics.evaluation.metric import Floats, OneVsRest, Prediction

_MOST_STEPS = 100
# of the gain of a step, per sample; the error of the weights after it is about as small
_TOLERANCE = 1e-10


def fit_sigmoid(values: Floats, target: Floats) -> tuple[float, float]:
    """Fit ``target ~ 1 / (1 + exp(-(slope * value + intercept)))`` by maximum likelihood.

    Newton's method, with steps halved until they gain. The most likely slope has to be finite.

    Parameters
    ----------
    values : ndarray of float, shape (n_samples,)
        Not all the same.
    target : ndarray of float, shape (n_samples,)
        From 0 to 1.

    Returns
    -------
    slope, intercept : float

    Examples
    --------
    >>> slope, intercept = fit_sigmoid(np.array([1.0, 2.0]), np.array([0.5, 0.75]))
    >>> round(slope, 6), round(intercept, 6)
    (1.098612, -1.098612)
    """
    centre, spread = values.mean(), values.std()
    design = np.column_stack([(values - centre) / spread, np.ones(len(values))])

    def loss(weights: Floats) -> float:
        log_odds = design @ weights
        return float((np.logaddexp(0.0, log_odds) - target * log_odds).sum())

    weights = np.array([0.0, logit(target.mean())])
    for _ in range(_MOST_STEPS):
        given = expit(design @ weights)
        gradient = design.T @ (target - given)
        curvature = design.T @ (design * (given * (1 - given))[:, None])
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step <= _TOLERANCE * len(values):
            weights += step  # the last one: smaller gains are lost in rounding
            break
        while loss(weights + step) > loss(weights):
            step /= 2
        weights += step
    slope = weights[0] / spread
    return float(slope), float(weights[1] - slope * centre)


@dataclass(frozen=True)
class Calibration:
    """What makes probabilities of scores.

    Attributes
    ----------
    slopes, intercepts : ndarray of float, shape (1,) or (n_classes,)
        Of the sigmoid of the positive class of two, or of each class. No slope is negative, so
        that a class is never less probable at a higher score.

    Examples
    --------
    >>> calibration = Calibration(np.array([2.0]), np.array([0.0]))
    >>> calibration.probabilities(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """

    slopes: Floats
    intercepts: Floats

    def probabilities(self, scores: Floats) -> Floats:
        """Return the probabilities of the classes.

        Parameters
        ----------
        scores : ndarray of float, shape (n_samples, n_classes)
            See `Prediction`.

        Returns
        -------
        ndarray of float, shape (n_samples, n_classes)
            With more than two classes scaled to a sum of 1.
        """
        if scores.shape[1] == 2:
            positive = expit(self.slopes[0] * scores[:, 1] + self.intercepts[0])
            return np.column_stack([1 - positive, positive])
        each = expit(self.slopes * scores + self.intercepts)
        return each / each.sum(axis=1, keepdims=True)


def fit_calibration(folds: Sequence[Prediction]) -> Calibration:
    """Fit a calibration to the scores of test folds.

    Parameters
    ----------
    folds : sequence of Prediction
        Of the test folds of a cross-validation, which have samples of every class.

    Returns
    -------
    Calibration
        Where higher scores would make a class less probable, its share whatever the score.
    """
    pooled = Prediction(
        np.concatenate([fold.classes for fold in folds]),
        np.concatenate([fold.scores for fold in folds]),
    )
    slopes, intercepts = zip(*map(_platt, pooled.one_vs_rest), strict=True)
    return Calibration(np.array(slopes), np.array(intercepts))


def _platt(binary: OneVsRest) -> tuple[float, float]:
    n_positive = binary.truth.sum()
    n_negative = len(binary.truth) - n_positive
    # Platt's targets: short of 1 and 0, so that separated classes have a finite slope
    target = np.where(binary.truth, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    if np.ptp(binary.score) > 0:
        slope, intercept = fit_sigmoid(binary.score, target)
        if slope > 0:
            return slope, intercept
    return 0.0, float(logit(binary.truth.mean()))
