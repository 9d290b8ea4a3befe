"""The sources of cohorts; their modules register them (see `evenomics.data.source`)."""
