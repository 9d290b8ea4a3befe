"""Files that a config names."""

from collections.abc import Iterable, Iterator, Mapping
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


def path_problems(paths: Iterable[str], place: str) -> Iterator[str]:
    """Find paths that Snakemake cannot take, or without a file.

    Parameters
    ----------
    paths : iterable of str
    place : str
        Key of the config that names them.
    """
    for path in paths:
        if {"{", "}"} & set(path):
            yield (
                f"{place}: {path!r}: Snakemake takes braces in a path for wildcards; rename the "
                "file or its folder"
            )
        elif not Path(path).is_file():
            what = "a folder" if Path(path).is_dir() else "no such file"
            yield f"{place}: {path!r}: {what} (paths start from {Path.cwd()})"
