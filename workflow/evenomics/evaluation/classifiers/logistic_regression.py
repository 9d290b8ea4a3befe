"""Logistic regression with an L2 penalty: the plain classifier that others have to be ahead of."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression

from evenomics.evaluation.classifier import CLASSIFIERS, Classifier, ClassWeight


def build(
    parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight
) -> ClassifierMixin:
    """Build the classifier for a training set of `n_train` samples."""
    return LogisticRegression(**parameters, class_weight=class_weight, max_iter=10_000)


CLASSIFIERS.register(
    "logistic_regression",
    Classifier(
        build,
        # of equally good ones the first: the usual one, as a strong penalty draws all probabilities
        # towards the share of the class
        [{"C": [1, 0.1, 1e-2, 1e-3, 1e-4, 10]}],
        is_constant=lambda parameters, n_train: False,
        gives_probabilities=True,
    ),
)
