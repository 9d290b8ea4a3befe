"""Random over-sampling."""

from imblearn.base import BaseSampler
from imblearn.over_sampling import RandomOverSampler

from evenomics.balancing.arm import TrainingSet, arm


@arm("random_over")
def random_over(training_set: TrainingSet) -> tuple[BaseSampler, str]:
    """Copy random samples."""
    return RandomOverSampler(
        sampling_strategy=training_set.even, random_state=training_set.random_state
    ), ""
