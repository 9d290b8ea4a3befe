"""Arms that leave the samples as they are."""

from evenomics.balancing.arm import arm
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples


@arm("none")
@arm("class_weight", class_weight="balanced")
def leave(training_set: TrainingSet) -> tuple[Samples, str]:
    """Leave the training set as it is."""
    return training_set.samples, ""
