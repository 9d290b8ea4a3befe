"""A normal distribution for each class: the baseline that a generative model has to beat."""

from imblearn.base import BaseSampler

from evenomics.balancing.arm import TrainingSet, arm
from evenomics.balancing.samplers import GaussianOverSampler


@arm("shrunk_gaussian")
def shrunk_gaussian(training_set: TrainingSet) -> tuple[BaseSampler, str]:
    """Draw from the distribution of each smaller class."""
    return GaussianOverSampler(
        sampling_strategy=training_set.equal_counts, random_state=training_set.random_state
    ), ""
