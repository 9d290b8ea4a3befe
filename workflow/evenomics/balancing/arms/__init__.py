"""The arms, each in a module that registers it (see `evenomics.balancing.arm`)."""
