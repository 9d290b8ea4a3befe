"""Random over-sampling."""

from imblearn.base import BaseSampler
from imblearn.over_sampling import RandomOverSampler

from evenomics.balancing.arm import TrainingSet, arm


@arm("random_over")
def random_over(training_set: TrainingSet) -> tuple[BaseSampler, str]:
    """Copy random samples of the smaller classes."""
    return RandomOverSampler(
        sampling_strategy=training_set.equal_counts, random_state=training_set.random_state
    ), ""
