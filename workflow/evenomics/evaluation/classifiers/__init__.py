"""The classifiers, each in a module that registers it (see `evenomics.evaluation.classifier`)."""
