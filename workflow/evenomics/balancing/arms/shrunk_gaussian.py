"""A normal distribution for each class: the baseline that a generative model has to beat."""

from evenomics.balancing.arm import arm
from evenomics.balancing.samplers import GaussianOverSampler
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples


@arm("shrunk_gaussian")
def shrunk_gaussian(training_set: TrainingSet) -> tuple[Samples, str]:
    """Draw from the distribution of each smaller class."""
    sampler = GaussianOverSampler(
        sampling_strategy=training_set.equal_counts, random_state=training_set.random_state
    )
    return training_set.resampled(sampler), ""
