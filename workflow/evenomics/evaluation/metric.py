"""What a metric is: a number that says how well a classifier predicts samples of known classes.

Classes are the codes 0, 1, ... in the order of the study. With two classes, class 1 is the
positive one. With more, binary metrics are computed one-vs-rest and averaged over the classes
(macro average).

A new metric is a module in `evenomics.evaluation.metrics` that registers a function with `metric`,
and an entry in ``config/schema/names.yaml``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from evenomics.config.names import names
from evenomics.config.registry import Registry

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: Points of the false-positive rate at which ROC curves are averaged.
FALSE_POSITIVE_RATES = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class Prediction:
    """The output of a classifier for samples of known classes.

    Attributes
    ----------
    classes : ndarray of int, shape (n_samples,)
        Codes of the true classes.
    scores : ndarray of float, shape (n_samples, n_classes)
        Probabilities or decision values; the class with the largest is predicted.
    probabilities : ndarray of float, shape (n_samples, n_classes), or None
        None for a classifier without.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    >>> prediction = Prediction(np.array([0, 0, 1]), scores)
    >>> prediction.predicted
    array([0, 1, 1])
    >>> METRICS["specificity"].score(prediction)
    0.5
    """

    classes: Codes
    scores: Floats
    probabilities: Floats | None = None

    @property
    def predicted(self) -> Codes:
        """Codes of the predicted classes, shape (n_samples,)."""
        return self.scores.argmax(axis=1)

    @property
    def one_vs_rest(self) -> list["OneVsRest"]:
        """The positive class of two against the other, or each of more against the rest."""
        n_classes = self.scores.shape[1]
        return [
            OneVsRest(self.classes == code, self.predicted == code, self.scores[:, code])
            for code in (range(1, 2) if n_classes == 2 else range(n_classes))
        ]


class OneVsRest(NamedTuple):
    """One class against the rest; all arrays have the shape (n_samples,).

    Attributes
    ----------
    truth, predicted : ndarray of bool
        Whether a sample is of the class, and whether it is predicted to be.
    score : ndarray of float
        Score of the class.
    """

    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    score: Floats


def macro(metric: Callable[[OneVsRest], float]) -> Callable[[Prediction], float]:
    """Return the one-vs-rest mean of a binary metric."""
    return lambda prediction: float(np.mean([metric(binary) for binary in prediction.one_vs_rest]))


@dataclass(frozen=True)
class Metric:
    """A metric of a classifier.

    Attributes
    ----------
    name : str
        Name in the config.
    score : callable
        ``score(prediction) -> float``; NaN where the classifier does not give what it needs.

    Examples
    --------
    >>> METRICS["brier"].title, METRICS["brier"].larger_is_better
    ('Brier score', False)
    """

    name: str
    score: Callable[[Prediction], float]

    @property
    def title(self) -> str:
        """Name in figures and tables."""
        return str(names("metrics")[self.name]["title"])

    @property
    def larger_is_better(self) -> bool:
        """Whether a better classifier has a larger value."""
        return not names("metrics")[self.name].get("smaller_is_better", False)


#: The metrics by their names in the config.
METRICS: Registry[Metric] = Registry("metrics", "evenomics.evaluation.metrics")


def metric(name: str) -> Callable[[Callable[[Prediction], float]], Callable[[Prediction], float]]:
    """Return a decorator that makes a metric of a function of a `Prediction`.

    Parameters
    ----------
    name : str
        Name in the config.
    """

    def register(score: Callable[[Prediction], float]) -> Callable[[Prediction], float]:
        METRICS.register(name, Metric(name, score))
        return score

    return register


def roc(prediction: Prediction) -> Floats:
    """Return the true-positive rate at `FALSE_POSITIVE_RATES`.

    Returns
    -------
    ndarray of float, shape (101,)
        Interpolated; with more than two classes the one-vs-rest mean.
    """
    curves = []
    for binary in prediction.one_vs_rest:
        false_positive, true_positive, _ = roc_curve(binary.truth, binary.score)
        curve = np.interp(FALSE_POSITIVE_RATES, false_positive, true_positive)
        curve[0] = 0.0
        curves.append(curve)
    return np.asarray(np.mean(curves, axis=0))
