"""The classifiers; their modules register them (see `evenomics.evaluation.classifier`)."""
