"""Metrics of predicted probabilities; NaN for a classifier without."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from evenomics.evaluation.calibration import fit_sigmoid
from evenomics.evaluation.metric import Floats, OneVsRest, Prediction, macro, metric

# the resolution of probabilities in 32 bits, in which they are kept
_LEAST = float(np.finfo(np.float32).eps)


@metric("brier")
def brier(prediction: Prediction) -> float:
    """Mean squared error; of more than two classes the sum over the classes."""
    if prediction.probabilities is None:
        return float("nan")
    errors = prediction.probabilities - np.eye(prediction.n_classes)[prediction.classes]
    if prediction.n_classes == 2:
        errors = errors[:, 1:]
    return float((errors**2).sum(axis=1).mean())


def _log_odds(probability: Floats) -> Floats:
    return logit(probability.clip(_LEAST, 1 - _LEAST))


@metric("calibration_slope")
@macro
def calibration_slope(binary: OneVsRest) -> float:
    """Slope of the logistic regression of the class on the log odds: below 1, too extreme.

    NaN where no finite slope is the most likely one: the log odds separate the classes, or are all
    the same.

    Source: Cox 1958, Biometrika 45; Van Calster et al. 2019, BMC Medicine 17.
    """
    if binary.probability is None:
        return float("nan")
    log_odds = _log_odds(binary.probability)
    positive, negative = log_odds[binary.truth], log_odds[~binary.truth]
    if positive.min() >= negative.max() or negative.min() >= positive.max():
        return float("nan")
    slope, _ = fit_sigmoid(log_odds, binary.truth.astype(np.float64))
    return slope


@metric("calibration_intercept")
@macro
def calibration_intercept(binary: OneVsRest) -> float:
    """Calibration in the large: what to add to the log odds for the right mean; 0 if nothing.

    The intercept of the same regression with its slope fixed at 1: above 0, probabilities are too
    small.
    """
    if binary.probability is None:
        return float("nan")
    log_odds, share = _log_odds(binary.probability), binary.truth.mean()
    # the mean is below the share at the first of these intercepts, and above at the second
    low, high = logit(share) - log_odds.max() - 1, logit(share) - log_odds.min() + 1
    return float(brentq(lambda more: expit(log_odds + more).mean() - share, low, high))
