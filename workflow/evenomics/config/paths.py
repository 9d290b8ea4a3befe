"""Paths of the files that a config names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenomics.config.cohorts import given_cohorts

#: Gene sets that ship with evenomics, by their names in the config.
SHIPPED_GENE_SETS = {"reactome": Path(__file__).parents[1] / "gene_sets/reactome.gmt"}


def table_paths(cohorts: Mapping[str, Any]) -> list[str]:
    """Return the paths of the tables and R or GEO files that a study reads.

    Parameters
    ----------
    cohorts : mapping
        The section ``cohorts`` of the study, checked or as the user wrote it.
    """
    keys = ("path", "classes_path", "file", "platform_file")
    values = (options.get(key) for options in given_cohorts(cohorts).values() for key in keys)
    return [path for path in values if path and isinstance(path, str)]


def gene_set_paths(enrichment: Mapping[str, Any]) -> list[str]:
    """Return the paths of the GMT files that a study tests.

    Parameters
    ----------
    enrichment : mapping
        The section ``enrichment`` of the study, with its defaults.
    """
    return [str(SHIPPED_GENE_SETS.get(name, name)) for name in enrichment["gene_sets"]]
