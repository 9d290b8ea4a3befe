"""SMOTE (Chawla et al. 2002)."""

from imblearn.base import BaseSampler
from imblearn.over_sampling import SMOTE

from evenomics.balancing.arm import TrainingSet, arm
from evenomics.balancing.arms.random_over import random_over

_NEIGHBOURS = 5


@arm("smote")
def smote(training_set: TrainingSet) -> tuple[BaseSampler, str]:
    """SMOTE with fewer neighbours in a class that is too small; one sample can only be copied."""
    growing = [n for c, n in training_set.counts.items() if n < training_set.even[c]]
    smallest = min(growing, default=_NEIGHBOURS + 1)
    if smallest == 1:
        sampler, _ = random_over(training_set)
        return sampler, "SMOTE on a class of 1 sample: copies"
    k_neighbors = min(_NEIGHBOURS, smallest - 1)
    note = f"SMOTE with {k_neighbors} neighbours" if k_neighbors < _NEIGHBOURS else ""
    return SMOTE(
        sampling_strategy=training_set.even,
        k_neighbors=k_neighbors,
        random_state=training_set.random_state,
    ), note
