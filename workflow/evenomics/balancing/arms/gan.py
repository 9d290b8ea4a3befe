"""Arms that add samples of trained GANs (Cusworth, Gkoutos, Acharjee 2024)."""

from evenomics.balancing.arm import arm
from evenomics.balancing.samplers import ExpandedOverSampler, GeneratorOverSampler
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples


@arm("gan")
@arm("classic_gan")
def to_equal_counts(training_set: TrainingSet) -> tuple[Samples, str]:
    """Bring the smaller classes to equal counts with generated samples."""
    sampler = GeneratorOverSampler(
        training_set.generators,
        sampling_strategy=training_set.equal_counts,
        random_state=training_set.random_state,
    )
    return training_set.resampled(sampler), ""


@arm("expand_gan")
@arm("classic_expand_gan")
def beyond_equal_counts(training_set: TrainingSet) -> tuple[Samples, str]:
    """Enlarge all classes with generated samples."""
    sampler = ExpandedOverSampler(
        GeneratorOverSampler(training_set.generators),
        multiplier=training_set.multiplier,
        random_state=training_set.random_state,
    )
    return training_set.resampled(sampler), ""
