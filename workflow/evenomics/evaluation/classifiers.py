"""Classifiers and the grids that their hyper-parameters are tuned on.

A new classifier is one line in `CLASSIFIERS`.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification), and its Table 3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC
from threadpoolctl import ThreadpoolController

from evenomics.evaluation.metrics import Prediction

ClassWeight = Literal["balanced"] | None


@dataclass(frozen=True)
class Table:
    """Scaled samples, the codes of their classes, and whom they are from, if that is known."""

    X: NDArray[np.float64]
    y: NDArray[np.intp]
    groups: NDArray[np.object_] | None = None


@dataclass(frozen=True)
class Classifier:
    """A kind of classifier and the grid its hyper-parameters are tuned on.

    Attributes
    ----------
    build : callable
        ``build(parameters, n_train, class_weight) -> classifier``. Fitting it twice on the same
        samples has to give the same classifier.
    grid : sequence of mappings of str to sequence
        Values of every hyper-parameter; a part for each set of hyper-parameters that go together.
    is_constant : callable
        ``is_constant(parameters, n_train)``: whether it cannot but give all samples one score.
    gives_probabilities : bool
        Otherwise it has no Brier score.
    """

    build: Callable[[Mapping[str, Any], int, ClassWeight], ClassifierMixin]
    grid: Sequence[Mapping[str, Sequence[Any]]]
    is_constant: Callable[[Mapping[str, Any], int], bool]
    gives_probabilities: bool

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every combination of each part of the grid; of equally good ones the first is chosen."""
        return list(ParameterGrid(self.grid))


def _boosting(
    parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight
) -> ClassifierMixin:
    return HistGradientBoostingClassifier(
        **parameters,
        # more bins than samples change nothing but the time it takes
        max_bins=min(255, n_train),
        class_weight=class_weight,
        early_stopping=False,
        random_state=0,
    )


def _svc(parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight) -> ClassifierMixin:
    return SVC(**parameters, class_weight=class_weight)


CLASSIFIERS: dict[str, Classifier] = {
    # the paper's grid
    "hist_gradient_boosting": Classifier(
        _boosting,
        [{"learning_rate": [1e-4, 1e-3, 1e-2, 1, 10], "min_samples_leaf": [1, 10, 25, 50, 75]}],
        # no split leaves enough samples on both sides
        is_constant=lambda parameters, n_train: 2 * parameters["min_samples_leaf"] > n_train,
        gives_probabilities=True,
    ),
    # Chosen here: the paper does not give a grid for the SVC. Wide tables are often separable, and
    # many points reach the same AUROC. The linear kernel then comes first: it is the simpler, and
    # goes on beyond the training range, where an rbf kernel gives all samples one score. Its C are
    # small: larger ones change nothing where the classes are separated, and take long elsewhere.
    "svc": Classifier(
        _svc,
        [
            {"kernel": ["linear"], "C": [0.001, 0.01, 0.1, 1]},
            {"kernel": ["rbf"], "C": [0.1, 1, 10, 100], "gamma": ["scale", 0.001, 0.01]},
        ],
        is_constant=lambda parameters, n_train: False,
        gives_probabilities=False,
    ),
}


@cache
def _threadpools() -> ThreadpoolController:
    """Find the libraries that start threads, once: that takes as long as to fit a small SVC."""
    return ThreadpoolController()


def fit(
    kind: Classifier, parameters: Mapping[str, Any], table: Table, class_weight: ClassWeight = None
) -> Any:
    """Return a classifier fitted on one thread.

    Tables this small lose more time to the threads of a fit than they win by them.
    """
    with _threadpools().limit(limits=1):
        return kind.build(parameters, len(table.y), class_weight).fit(table.X, table.y)


def predict(kind: Classifier, model: Any, table: Table) -> Prediction:
    """Return what a fitted classifier says of samples, on one thread as well.

    Parameters
    ----------
    kind : Classifier
    model : fitted classifier
    table : Table

    Returns
    -------
    Prediction
    """
    with _threadpools().limit(limits=1):
        probabilities = model.predict_proba(table.X) if kind.gives_probabilities else None
        if len(model.classes_) > 2 and probabilities is not None:
            return Prediction(table.y, probabilities, probabilities)
        values = model.decision_function(table.X)
    if len(model.classes_) == 2:
        values = np.column_stack([-values, values])
    return Prediction(table.y, values, probabilities)
