"""Metrics of a classifier on samples it has not seen, for two classes or more.

Classes are the codes 0, 1, ... in the order of the study. With two classes, class 1 is the
positive one. With more, each class is set against the rest and the mean over classes is taken
(macro average).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    matthews_corrcoef,
    roc_auc_score,
    roc_curve,
)

Floats = NDArray[np.float64]

Codes = NDArray[np.intp]

#: Points of the false-positive rate at which ROC curves are averaged.
FALSE_POSITIVE_RATES = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of samples whose classes are known.

    Attributes
    ----------
    classes : ndarray of int, shape (n_samples,)
        True codes.
    scores : ndarray, shape (n_samples, n_classes)
        The larger, the more the class is supported; probabilities or decision values. The
        classifier decides for the class with the largest.
    probabilities : ndarray, shape (n_samples, n_classes), or None
        None for a classifier that gives none.
    """

    classes: Codes
    scores: Floats
    probabilities: Floats | None = None

    @property
    def predicted(self) -> Codes:
        """Codes the classifier decides for, shape (n_samples,)."""
        return self.scores.argmax(axis=1)

    @property
    def sides(self) -> list["Side"]:
        """The positive class against the other, or each of more than two against the rest."""
        n_classes = self.scores.shape[1]
        return [
            Side(self.classes == code, self.predicted == code, self.scores[:, code])
            for code in (range(1, 2) if n_classes == 2 else range(n_classes))
        ]


class Side(NamedTuple):
    """One class against the rest: membership, decision and score of every sample."""

    truth: NDArray[np.bool_]
    found: NDArray[np.bool_]
    score: Floats


def _macro(metric: Callable[[Side], float]) -> Callable[[Prediction], float]:
    return lambda prediction: float(np.mean([metric(side) for side in prediction.sides]))


def _brier(prediction: Prediction) -> float:
    if prediction.probabilities is None:
        return float("nan")
    n_classes = prediction.probabilities.shape[1]
    given = prediction.probabilities[:, 1] if n_classes == 2 else prediction.probabilities
    return float(
        brier_score_loss(
            prediction.classes,
            given,
            labels=np.arange(n_classes),
            **({"pos_label": 1} if n_classes == 2 else {}),
        )
    )


@dataclass(frozen=True)
class Metric:
    """A number that says how well a classifier did.

    Attributes
    ----------
    score : callable
        ``score(prediction) -> float``; NaN where the classifier does not give what it takes.
    description : str
    larger_is_better : bool
    """

    score: Callable[[Prediction], float]
    description: str
    larger_is_better: bool = True


METRICS: dict[str, Metric] = {
    "auroc": Metric(
        _macro(lambda side: roc_auc_score(side.truth, side.score)), "Area under the ROC curve."
    ),
    "auprc": Metric(
        _macro(lambda side: average_precision_score(side.truth, side.score)),
        "Area under the precision-recall curve (average precision).",
    ),
    "balanced_accuracy": Metric(
        lambda p: float(balanced_accuracy_score(p.classes, p.predicted)),
        "Mean share of each class that is recognised.",
    ),
    "mcc": Metric(
        lambda p: float(matthews_corrcoef(p.classes, p.predicted)),
        "Matthews correlation coefficient.",
    ),
    "f1": Metric(
        _macro(lambda side: f1_score(side.truth, side.found, zero_division=0.0)),
        "Harmonic mean of precision and sensitivity.",
    ),
    "sensitivity": Metric(
        _macro(lambda side: side.found[side.truth].mean()),
        "Share of positives that is recognised.",
    ),
    "specificity": Metric(
        _macro(lambda side: (~side.found[~side.truth]).mean()),
        "Share of negatives that is recognised.",
    ),
    "brier": Metric(
        _brier,
        "Mean squared error of the probabilities; missing for classifiers without them.",
        larger_is_better=False,
    ),
}


def roc(prediction: Prediction) -> Floats:
    """Return the true-positive rate at `FALSE_POSITIVE_RATES`.

    Returns
    -------
    ndarray of shape (101,)
        Interpolated; the mean over classes if there are more than two.
    """
    curves = []
    for side in prediction.sides:
        false_positive, true_positive, _ = roc_curve(side.truth, side.score)
        curve = np.interp(FALSE_POSITIVE_RATES, false_positive, true_positive)
        curve[0] = 0.0
        curves.append(curve)
    return np.asarray(np.mean(curves, axis=0))
