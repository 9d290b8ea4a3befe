"""The metrics, by what they score; modules register them (see `evenomics.evaluation.metric`)."""
