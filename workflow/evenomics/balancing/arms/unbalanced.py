"""Arms that leave the samples as they are."""

from evenomics.balancing.arm import TrainingSet, arm


@arm("none")
@arm("class_weight", class_weight="balanced")
def leave(training_set: TrainingSet) -> tuple[None, str]:
    """Leave the training set as it is."""
    return None, ""
