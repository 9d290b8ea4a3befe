"""Generators that were never trained: the control that tells whether training did anything."""

from dataclasses import replace

from evenomics.balancing.arm import arm
from evenomics.balancing.arms.gan import to_equal_counts
from evenomics.balancing.training_set import TrainingSet
from evenomics.gan.generator import Generator
from evenomics.gan.networks import generator_architecture
from evenomics.gan.settings import GanSettings
from evenomics.preparation.samples import Samples
from evenomics.randomness import stream


@arm("untrained_gan")
def untrained_gan(training_set: TrainingSet) -> tuple[Samples, str]:
    """As the arm ``gan``, with generators as they are drawn, one per class of a draw."""
    networks = GanSettings.from_mapping({"networks": training_set.networks}).networks
    n_features, hidden = training_set.samples.X.shape[1], networks.hidden
    architecture = generator_architecture(n_features, hidden)
    generators = {
        label: Generator(
            n_features,
            hidden,
            architecture.initial(stream(training_set.draw_seed, label), networks),
        )
        for label, n in training_set.equal_counts.items()
        if n > training_set.counts[label]
    }
    return to_equal_counts(replace(training_set, generators=generators))
