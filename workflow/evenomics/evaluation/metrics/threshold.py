"""Metrics of predicted classes."""

import numpy as np

from evenomics.evaluation.confusion import Floats
from evenomics.evaluation.metric import Prediction, metric


def _of_classes(values: Floats) -> float:
    """Return the value of the positive class of two, or the mean over more."""
    return float(values[1] if len(values) == 2 else values.mean())


metric("sensitivity")(lambda prediction: _of_classes(prediction.confusion.sensitivity))
metric("specificity")(lambda prediction: _of_classes(prediction.confusion.specificity))
metric("precision")(lambda prediction: _of_classes(prediction.confusion.precision))
metric("f1")(lambda prediction: _of_classes(prediction.confusion.f1))


@metric("balanced_accuracy")
def balanced_accuracy(prediction: Prediction) -> float:
    """Mean over the classes of the share of samples that is predicted as such."""
    return float(prediction.confusion.sensitivity.mean())


@metric("hard_auroc")
def hard_auroc(prediction: Prediction) -> float:
    """AUROC of the predicted classes, one-vs-rest: its curve has one corner.

    The released scripts of Cusworth et al. (2024) call it AUROC.
    """
    confusion = prediction.confusion
    return float((confusion.sensitivity + confusion.specificity).mean() / 2)


@metric("accuracy")
def accuracy(prediction: Prediction) -> float:
    """Share of all samples that is predicted as what it is."""
    return float((prediction.predicted == prediction.classes).mean())


@metric("mcc")
def mcc(prediction: Prediction) -> float:
    """Matthews correlation coefficient, of more classes as Gorodkin (2004) has it.

    0 where all samples are of one class, or are predicted to be.
    """
    confusion, n = prediction.confusion, prediction.confusion.n_samples
    support, found = confusion.support, confusion.found
    variances = float(n**2 - support @ support) * float(n**2 - found @ found)
    covariance = n * confusion.correct.sum() - support @ found
    return float(covariance / np.sqrt(variances)) if variances else 0.0
