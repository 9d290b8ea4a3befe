"""Gradient-boosted trees on histograms, with the values of the paper's grid (its Table 3)."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier

from evenomics.evaluation.classifier import CLASSIFIERS, Classifier, ClassWeight

_MIN_SAMPLES_LEAF = HistGradientBoostingClassifier().min_samples_leaf


def build(
    parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight
) -> ClassifierMixin:
    """Build the classifier for a training set of `n_train` samples."""
    return HistGradientBoostingClassifier(
        **parameters,
        # more bins than samples only take more time
        max_bins=min(255, n_train),
        class_weight=class_weight,
        early_stopping=False,
        random_state=0,
    )


# Where classes lie far apart, many points are equally good, and the first is taken: values near to
# scikit-learn's defaults (0.1 and 20) come first. At a rate of 0.0001 the trees of all rounds are
# the same few leaves, and samples of one leaf cannot be ranked.
CLASSIFIERS.register(
    "hist_gradient_boosting",
    Classifier(
        build,
        [{"learning_rate": [1e-2, 1, 1e-3, 10, 1e-4], "min_samples_leaf": [25, 10, 50, 1, 75]}],
        # no split leaves enough samples on both sides
        is_constant=lambda parameters, n_train: (
            2 * parameters.get("min_samples_leaf", _MIN_SAMPLES_LEAF) > n_train
        ),
        gives_probabilities=True,
    ),
)
