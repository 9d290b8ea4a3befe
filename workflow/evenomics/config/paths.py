"""Files that a config names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenomics.config.cohorts import given_cohorts

SHIPPED_GENE_SETS = {"reactome": Path(__file__).parents[1] / "gene_sets/reactome.gmt"}


def table_paths(cohorts: Mapping[str, Any]) -> list[str]:
    """Return the files that the section ``cohorts`` of a study names."""
    keys = ("path", "classes_path", "file", "platform_file")
    given = (spec.get(key) for spec in given_cohorts(cohorts).values() for key in keys)
    return [path for path in given if path and isinstance(path, str)]


def gene_set_paths(enrichment: Mapping[str, Any]) -> list[str]:
    """Return the GMT files that the section ``enrichment`` of a study names."""
    return [str(SHIPPED_GENE_SETS.get(name, name)) for name in enrichment["gene_sets"]]
