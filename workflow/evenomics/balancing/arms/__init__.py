"""The arms; their modules register them (see `evenomics.balancing.arm`)."""
