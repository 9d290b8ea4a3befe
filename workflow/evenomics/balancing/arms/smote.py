"""SMOTE (Chawla et al. 2002) and its variants, which go back to it where they find no samples."""

from collections import Counter
from typing import Any

from imblearn.over_sampling import ADASYN, SMOTE, SVMSMOTE, BorderlineSMOTE
from imblearn.over_sampling.base import BaseOverSampler

from evenomics.balancing.arm import arm
from evenomics.balancing.arms.random_samples import random_over
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples

# imbalanced-learn's defaults: neighbours to interpolate with, and to tell a border by
_NEIGHBOURS, _BORDER_NEIGHBOURS = 5, 10


@arm("smote")
def smote(training_set: TrainingSet) -> tuple[Samples, str]:
    """Interpolate; in small classes with fewer neighbours, from a single sample by copies."""
    return _interpolated(training_set, "SMOTE", SMOTE)


@arm("adasyn")
def adasyn(training_set: TrainingSet) -> tuple[Samples, str]:
    """Interpolate more where neighbours are of other classes (He et al. 2008)."""
    return _or_smote(training_set, "ADASYN", ADASYN)


@arm("borderline_smote")
def borderline_smote(training_set: TrainingSet) -> tuple[Samples, str]:
    """Interpolate from samples on the border of their class (Han et al. 2005)."""
    return _or_smote(training_set, "borderline SMOTE", BorderlineSMOTE, **_border(training_set))


@arm("svm_smote")
def svm_smote(training_set: TrainingSet) -> tuple[Samples, str]:
    """Interpolate from the support vectors of a class (Nguyen et al. 2011)."""
    return _or_smote(training_set, "SVM-SMOTE", SVMSMOTE, **_border(training_set))


def _border(training_set: TrainingSet) -> dict[str, int]:
    return {"m_neighbors": min(_BORDER_NEIGHBOURS, len(training_set.samples.y) - 1)}


def _interpolated(
    training_set: TrainingSet, name: str, sampler: type[BaseOverSampler], **parameters: Any
) -> tuple[Samples, str]:
    smallest = training_set.n_smallest or _NEIGHBOURS + 1
    if smallest == 1:
        return random_over(training_set)[0], f"{name} on a class of 1 sample: copies"
    n_neighbours = min(_NEIGHBOURS, smallest - 1)
    parameters["n_neighbors" if sampler is ADASYN else "k_neighbors"] = n_neighbours
    balanced = training_set.resampled(
        sampler(
            sampling_strategy=training_set.equal_counts,
            random_state=training_set.random_state,
            **parameters,
        )
    )
    return balanced, f"{name} with {n_neighbours} neighbours" * (n_neighbours < _NEIGHBOURS)


def _or_smote(
    training_set: TrainingSet, name: str, sampler: type[BaseOverSampler], **parameters: Any
) -> tuple[Samples, str]:
    """Balance by a variant of SMOTE, or by SMOTE where it does not enlarge every class."""
    try:
        balanced, note = _interpolated(training_set, name, sampler, **parameters)
    except (ValueError, RuntimeError):  # where classes lie well apart, say
        balanced, note = training_set.samples, ""
    found, targets = Counter(balanced.y.tolist()), training_set.equal_counts
    if found == targets:
        return balanced, note
    if all(found[label] > n or n == targets[label] for label, n in training_set.counts.items()):
        remark = f"{name} leaves classes unequal"
    else:
        remark = f"{name} finds no samples to start from: SMOTE"
        balanced, note = smote(training_set)
    return balanced, "; ".join(filter(None, [remark, note]))
