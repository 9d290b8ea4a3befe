"""Arms that add samples of trained GANs (Cusworth, Gkoutos, Acharjee 2024)."""

from dataclasses import replace

from evenomics.balancing.arm import arm
from evenomics.balancing.samplers import ExpandedOverSampler, GeneratorOverSampler
from evenomics.balancing.training_set import TrainingSet
from evenomics.errors import TrainingError
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


@arm("calibrated_gan")
def calibrated(training_set: TrainingSet) -> tuple[Samples, str]:
    """Bring the smaller classes to equal counts by generators whose output is set."""
    generators = {}
    for label, generator in training_set.generators.items():
        if generator.calibrated is None:
            raise TrainingError(
                "calibrated_gan: a generator was trained without the other classes of its draw, "
                "and has no output that is set by them; train it anew"
            )
        generators[label] = generator.calibrated
    return to_equal_counts(replace(training_set, generators=generators))


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
