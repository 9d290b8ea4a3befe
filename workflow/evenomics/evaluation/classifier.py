"""What a classifier is: how it is built, and the grid that its hyper-parameters are tuned on.

A new classifier is a module in `evenomics.evaluation.classifiers` that registers it in
`CLASSIFIERS`, and an entry in ``config/schema/names.yaml``.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification), and its Table 3.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import ParameterGrid
from threadpoolctl import ThreadpoolController

from evenomics.config.registry import Registry
from evenomics.evaluation.calibration import Calibration
from evenomics.evaluation.metric import Floats, Prediction
from evenomics.preparation.samples import Samples

ClassWeight = Literal["balanced"] | None


@dataclass(frozen=True)
class Classifier:
    """A kind of classifier with the grid of its hyper-parameters.

    Attributes
    ----------
    build : callable
        ``build(parameters, n_train, class_weight) -> unfitted classifier``. Fits on the same
        samples have to give the same classifier.
    grid : sequence of mapping of str to sequence
        Values of every hyper-parameter; one mapping for each set of hyper-parameters that go
        together (see `sklearn.model_selection.ParameterGrid`).
    is_constant : callable
        ``is_constant(parameters, n_train) -> bool``: whether the classifier is bound to give all
        samples the same score.
    gives_probabilities : bool
        Whether it has `predict_proba`; without, a `Calibration` makes them.
    ignored : callable
        ``ignored(parameters) -> names of those that change nothing beside the others``.

    Examples
    --------
    >>> svc = CLASSIFIERS["svc"]
    >>> len(svc.points), svc.points[0]
    (16, {'C': 0.001, 'kernel': 'linear'})
    >>> svc.build(svc.points[0], n_train=40, class_weight=None)
    SVC(C=0.001, kernel='linear')
    """

    build: Callable[[Mapping[str, Any], int, ClassWeight], ClassifierMixin]
    grid: Sequence[Mapping[str, Sequence[Any]]]
    is_constant: Callable[[Mapping[str, Any], int], bool]
    gives_probabilities: bool
    ignored: Callable[[Mapping[str, Any]], Collection[str]] = lambda parameters: ()

    @property
    def points(self) -> list[dict[str, Any]]:
        """All points of the grid that differ; of equally good ones the first is chosen."""
        points: dict[str, dict[str, Any]] = {}
        for point in ParameterGrid(self.grid):
            ignored = self.ignored(point)
            used = {name: value for name, value in point.items() if name not in ignored}
            points.setdefault(json.dumps(used, sort_keys=True), point)
        return list(points.values())


#: The classifiers by their names in the config.
CLASSIFIERS: Registry[Classifier] = Registry("classifiers", "evenomics.evaluation.classifiers")


def points_of(
    name: str, grids: Mapping[str, Sequence[Mapping[str, Sequence[Any]]]]
) -> list[dict[str, Any]]:
    """Return the points that a classifier is tuned on.

    Parameters
    ----------
    name : str
        Name in `CLASSIFIERS`.
    grids : mapping of str to sequence of mapping
        Grids of the config, by classifier; one without has its own.
    """
    classifier = CLASSIFIERS[name]
    return replace(classifier, grid=grids.get(name, classifier.grid)).points


@cache
def _threadpools() -> ThreadpoolController:
    """Find the libraries that start threads; once, as it takes as long as to fit a small SVC."""
    return ThreadpoolController()


def fit(
    classifier: Classifier,
    parameters: Mapping[str, Any],
    samples: Samples,
    class_weight: ClassWeight = None,
) -> ClassifierMixin:
    """Fit a classifier on one thread: on tables this small, more threads are slower.

    Parameters
    ----------
    classifier : Classifier
    parameters : mapping of str to object
        Hyper-parameters, a point of its grid.
    samples : Samples
        Training set.
    class_weight : {"balanced"} or None

    Returns
    -------
    ClassifierMixin
        Fitted.
    """
    with _threadpools().limit(limits=1):
        return classifier.build(parameters, len(samples.y), class_weight).fit(samples.X, samples.y)


def predict(
    classifier: Classifier,
    model: Any,
    samples: Samples,
    calibration: Calibration | None = None,
    thresholds: Floats | None = None,
) -> Prediction:
    """Predict samples, on one thread as well.

    Parameters
    ----------
    classifier : Classifier
    model : ClassifierMixin
        Fitted by `fit`, on samples of every class.
    samples : Samples
    calibration : Calibration, optional
        Makes the probabilities of a classifier that gives none.
    thresholds : ndarray of float, shape (n_classes,), optional
        Tuned thresholds (see `Prediction.with_thresholds`).

    Returns
    -------
    Prediction
        In 32 bits (see `Prediction.rounded`).
    """
    with _threadpools().limit(limits=1):
        probabilities = model.predict_proba(samples.X) if classifier.gives_probabilities else None
        if len(model.classes_) > 2 and probabilities is not None:
            scores = probabilities
        else:
            scores = model.decision_function(samples.X)
    if len(model.classes_) == 2:
        scores = np.column_stack([-scores, scores])
    if probabilities is None and calibration is not None:
        probabilities = calibration.probabilities(scores)
    prediction = Prediction(samples.y, scores, probabilities).rounded()
    return prediction if thresholds is None else prediction.with_thresholds(thresholds)
