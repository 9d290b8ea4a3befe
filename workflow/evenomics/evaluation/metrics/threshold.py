"""Metrics of predicted classes."""

from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

from evenomics.evaluation.metric import Prediction, macro, metric


@metric("balanced_accuracy")
def balanced_accuracy(prediction: Prediction) -> float:
    """Mean over the classes of the share of samples that is predicted as such."""
    return float(balanced_accuracy_score(prediction.classes, prediction.predicted))


@metric("mcc")
def mcc(prediction: Prediction) -> float:
    """Matthews correlation coefficient."""
    return float(matthews_corrcoef(prediction.classes, prediction.predicted))


metric("f1")(macro(lambda binary: f1_score(binary.truth, binary.predicted, zero_division=0.0)))
metric("sensitivity")(macro(lambda binary: binary.predicted[binary.truth].mean()))
metric("specificity")(macro(lambda binary: (~binary.predicted[~binary.truth]).mean()))
