"""Problems of the sources' options; the modules register them (see `evenomics.config.source`)."""
