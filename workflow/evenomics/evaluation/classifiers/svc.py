"""Support vector machine; its grid is chosen here, as the paper does not give one."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.svm import SVC

from evenomics.evaluation.classifier import CLASSIFIERS, Classifier, ClassWeight


def build(
    parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight
) -> ClassifierMixin:
    """Build the classifier for a training set of `n_train` samples."""
    return SVC(**parameters, class_weight=class_weight)


# Wide tables are often separable, and many points of the grid reach the same AUROC. The linear
# kernel comes first: it is simpler, and still ranks samples beyond the training range, where an rbf
# kernel gives all of them one score. Its C are small: larger ones change nothing where the classes
# are separated, and are slow elsewhere.
CLASSIFIERS.register(
    "svc",
    Classifier(
        build,
        [
            {"kernel": ["linear"], "C": [0.001, 0.01, 0.1, 1]},
            {"kernel": ["rbf"], "C": [0.1, 1, 10, 100], "gamma": ["scale", 0.001, 0.01]},
        ],
        is_constant=lambda parameters, n_train: False,
        ignored=lambda parameters: ["gamma"] if parameters.get("kernel") == "linear" else [],
        gives_probabilities=False,
    ),
)
