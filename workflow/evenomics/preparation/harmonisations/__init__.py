"""Methods of harmonising, each in a module (see `evenomics.preparation.harmonise`)."""
