"""SMOTE (Chawla et al. 2002)."""

from imblearn.base import BaseSampler
from imblearn.over_sampling import SMOTE

from evenomics.balancing.arm import TrainingSet, arm
from evenomics.balancing.arms.random_over import random_over

_NEIGHBOURS = 5


@arm("smote")
def smote(training_set: TrainingSet) -> tuple[BaseSampler, str]:
    """Interpolate; in small classes with fewer neighbours, from a single sample by copies."""
    targets = training_set.equal_counts
    growing = [n for label, n in training_set.counts.items() if n < targets[label]]
    smallest = min(growing, default=_NEIGHBOURS + 1)
    if smallest == 1:
        sampler, _ = random_over(training_set)
        return sampler, "SMOTE on a class of 1 sample: copies"
    k_neighbors = min(_NEIGHBOURS, smallest - 1)
    note = f"SMOTE with {k_neighbors} neighbours" if k_neighbors < _NEIGHBOURS else ""
    return SMOTE(
        sampling_strategy=targets,
        k_neighbors=k_neighbors,
        random_state=training_set.random_state,
    ), note
