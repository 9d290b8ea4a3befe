"""Ways to harmonise; their modules register them (see `evenomics.preparation.harmonise`)."""
