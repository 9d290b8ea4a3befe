"""Smoothed bootstraps: samples with noise of the covariance that classes share."""

from evenomics.balancing.arm import arm
from evenomics.balancing.samplers import ExpandedOverSampler, SmoothedBootstrapOverSampler
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples


@arm("smoothed_bootstrap")
def smoothed_bootstrap(training_set: TrainingSet) -> tuple[Samples, str]:
    """Bring the smaller classes to equal counts."""
    sampler = SmoothedBootstrapOverSampler(
        bandwidth=training_set.bandwidth,
        sampling_strategy=training_set.equal_counts,
        random_state=training_set.random_state,
    )
    return training_set.resampled(sampler), ""


@arm("expand_smoothed_bootstrap")
def expand_smoothed_bootstrap(training_set: TrainingSet) -> tuple[Samples, str]:
    """Enlarge all classes."""
    sampler = ExpandedOverSampler(
        SmoothedBootstrapOverSampler(bandwidth=training_set.bandwidth),
        multiplier=training_set.multiplier,
        random_state=training_set.random_state,
    )
    return training_set.resampled(sampler), ""
