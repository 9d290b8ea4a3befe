"""The metrics; their modules register them (see `evenomics.evaluation.metric`)."""
