"""What a classifier is, with the grid that its hyper-parameters are tuned on.

A new classifier is a module in `evenomics.evaluation.classifiers` that registers it in
`CLASSIFIERS`, and an entry in ``config/schema/names.yaml``.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification), and its Table 3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import ParameterGrid
from threadpoolctl import ThreadpoolController

from evenomics.evaluation.metric import Prediction
from evenomics.preparation.samples import Samples
from evenomics.registry import Registry

ClassWeight = Literal["balanced"] | None


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


#: The classifiers by their names in the config.
CLASSIFIERS: Registry[Classifier] = Registry("classifiers", "evenomics.evaluation.classifiers")


@cache
def _threadpools() -> ThreadpoolController:
    """Find the libraries that start threads, once: that takes as long as to fit a small SVC."""
    return ThreadpoolController()


def fit(
    kind: Classifier,
    parameters: Mapping[str, Any],
    samples: Samples,
    class_weight: ClassWeight = None,
) -> Any:
    """Return a classifier fitted on one thread.

    Tables this small lose more time to the threads of a fit than they win by them.
    """
    with _threadpools().limit(limits=1):
        return kind.build(parameters, len(samples.y), class_weight).fit(samples.X, samples.y)


def predict(kind: Classifier, model: Any, samples: Samples) -> Prediction:
    """Return what a fitted classifier says of samples, on one thread as well.

    Parameters
    ----------
    kind : Classifier
    model : fitted classifier
    samples : Samples

    Returns
    -------
    Prediction
    """
    with _threadpools().limit(limits=1):
        probabilities = model.predict_proba(samples.X) if kind.gives_probabilities else None
        if len(model.classes_) > 2 and probabilities is not None:
            return Prediction(samples.y, probabilities, probabilities)
        values = model.decision_function(samples.X)
    if len(model.classes_) == 2:
        values = np.column_stack([-values, values])
    return Prediction(samples.y, values, probabilities)
