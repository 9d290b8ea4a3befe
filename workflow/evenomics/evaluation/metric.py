"""What a metric is: a number that says how well a classifier predicts samples of known classes.

Classes are the codes 0, 1, ... in the order of the study. With two classes, class 1 is the
positive one. With more, binary metrics are computed one-vs-rest and averaged over the classes
(macro average).

A metric of predicted classes depends on where classes are told apart. It has two values: at the
classifier's own threshold, and at one that is tuned on the training data
(`evenomics.evaluation.thresholds`).

A new metric is a module in `evenomics.evaluation.metrics` that registers a function with `metric`,
and an entry in ``config/schema/names.yaml``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from evenomics.config.names import names
from evenomics.config.registry import Registry
from evenomics.evaluation.confusion import Confusion

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
        The class with the largest is predicted. With two classes -v and v, where v is the decision
        value of class 1; with more, probabilities or decision values.
    probabilities : ndarray of float, shape (n_samples, n_classes), or None
        None for a classifier without.
    predicted_tuned : ndarray of int, shape (n_samples,), or None
        Codes of the classes that are predicted at tuned thresholds; None where none were tuned.

    Examples
    --------
    >>> values = np.array([-0.5, 0.2, 0.8])
    >>> prediction = Prediction(np.array([0, 0, 1]), np.column_stack([-values, values]))
    >>> prediction.predicted
    array([0, 1, 1])
    >>> METRICS["specificity"].score(prediction)
    0.5
    >>> tuned = prediction.with_thresholds(np.array([-0.5, 0.5]))
    >>> METRICS["specificity"].values(tuned)
    {'default': 0.5, 'tuned': 1.0}
    """

    classes: Codes
    scores: Floats
    probabilities: Floats | None = None
    predicted_tuned: Codes | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.scores.shape[1]

    @cached_property
    def predicted(self) -> Codes:
        """Codes of the classes that are predicted at the default threshold, (n_samples,)."""
        return self.scores.argmax(axis=1)

    @cached_property
    def confusion(self) -> Confusion:
        """True classes against those predicted at the default threshold."""
        return Confusion.of(self.classes, self.predicted, self.n_classes)

    @property
    def one_vs_rest(self) -> list["OneVsRest"]:
        """The positive class of two against the other, or each of more against the rest."""
        given = self.probabilities
        return [
            OneVsRest(
                self.classes == code,
                self.scores[:, code],
                None if given is None else given[:, code],
            )
            for code in (range(1, 2) if self.n_classes == 2 else range(self.n_classes))
        ]

    def rounded(self) -> "Prediction":
        """Return the prediction as it is kept in tables, in 32 bits.

        Whatever is computed from it can be computed again from the table.
        """
        given = self.probabilities
        if given is not None:
            given = _in_32_bits(given)
            if self.n_classes == 2:  # the table has the second
                given = np.column_stack([1 - given[:, 1], given[:, 1]])
        return replace(self, scores=_in_32_bits(self.scores), probabilities=given)

    def with_thresholds(self, thresholds: Floats) -> "Prediction":
        """Return the prediction with the classes that are predicted at thresholds.

        Parameters
        ----------
        thresholds : ndarray of float, shape (n_classes,)
            The class whose score is the furthest above its threshold is predicted. The default is
            0 for every class.
        """
        return replace(self, predicted_tuned=(self.scores - thresholds).argmax(axis=1))

    @cached_property
    def tuned(self) -> "Prediction | None":
        """A prediction that says at the default threshold what this one says at the tuned ones.

        Its scores are 1 for the predicted class and 0 for the others.
        """
        if self.predicted_tuned is None:
            return None
        return Prediction(self.classes, np.eye(self.n_classes)[self.predicted_tuned])


def _in_32_bits(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


class OneVsRest(NamedTuple):
    """One class against the rest; all arrays have the shape (n_samples,).

    Attributes
    ----------
    truth : ndarray of bool
        Whether a sample is of the class.
    score : ndarray of float
        Score of the class.
    probability : ndarray of float or None
        Probability of the class.
    """

    truth: NDArray[np.bool_]
    score: Floats
    probability: Floats | None


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
        ``score(prediction) -> float``, at the default threshold; NaN where it is not defined.

    Examples
    --------
    >>> METRICS["brier"].title, METRICS["brier"].larger_is_better, METRICS["brier"].best
    ('Brier score', False, 0)
    """

    name: str
    score: Callable[[Prediction], float]

    @property
    def title(self) -> str:
        """Name in figures and tables."""
        return str(names("metrics")[self.name]["title"])

    @property
    def best(self) -> float | None:
        """The value of a perfect classifier, on both sides of which others lie or may lie.

        None where simply a better classifier has a larger value.
        """
        return names("metrics")[self.name].get("best")

    @property
    def larger_is_better(self) -> bool:
        """Whether a better classifier has a larger value; arms are compared by such metrics."""
        return self.best is None

    @property
    def thresholded(self) -> bool:
        """Whether it depends on the predicted classes."""
        return bool(names("metrics")[self.name].get("thresholded", False))

    def values(self, prediction: Prediction) -> dict[str, float]:
        """Return the values of a prediction by threshold.

        Parameters
        ----------
        prediction : Prediction

        Returns
        -------
        dict of str to float
            ``none``, or ``default`` and, if the prediction has it, ``tuned``.
        """
        if not self.thresholded:
            return {"none": self.score(prediction)}
        values = {"default": self.score(prediction)}
        if prediction.tuned is not None:
            values["tuned"] = self.score(prediction.tuned)
        return values


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


def values_of(prediction: Prediction) -> dict[tuple[str, str], float]:
    """Return the values of all metrics.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    dict of (str, str) to float
        By the names of metric and threshold (see `Metric.values`).
    """
    return {
        (name, threshold): value
        for name, metric in METRICS.items()
        for threshold, value in metric.values(prediction).items()
    }


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
