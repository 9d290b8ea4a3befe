"""Files that a config names."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evenomics.config.cohorts import given_cohorts, listed

SHIPPED_GENE_SETS = {"reactome": Path(__file__).parents[1] / "gene_sets/reactome.gmt"}


def table_paths(cohorts: Mapping[str, Any]) -> list[str]:
    """Return the files that the section ``cohorts`` of a study names."""
    keys = ("path", "classes_path", "file", "platform_file")
    given = (spec.get(key) for spec in given_cohorts(cohorts).values() for key in keys)
    paths = (path for value in given if isinstance(value, str | list) for path in listed(value))
    return [path for path in paths if path and isinstance(path, str)]


def gene_set_paths(enrichment: Mapping[str, Any]) -> list[str]:
    """Return the GMT files that the section ``enrichment`` of a study names."""
    return [str(SHIPPED_GENE_SETS.get(name, name)) for name in enrichment["gene_sets"]]


def _taken(path: str) -> str:
    """Characters of a path that Snakemake takes for wildcards or variables."""
    return " ".join(sorted(set("{}<>") & set(path)))


def is_plain(path: str) -> bool:
    """Tell whether a shell takes a path as it stands."""
    return re.fullmatch(r"[\w@%+=:,./-]+", path) is not None


def python_problems(path: str) -> Iterator[str]:
    """Find why Snakemake cannot start scripts with a Python, whose path it does not quote."""
    if not is_plain(path):
        yield (
            f"{path}: Snakemake does not start scripts with a Python in such a folder; use an "
            "environment whose path has letters, digits, '_', '-' and '.' only"
        )


def library_problems(path: str) -> Iterator[str]:
    """Find why Snakemake cannot run the workflow from the folder that it lies in."""
    if found := _taken(path):
        yield f"{path}: Snakemake takes no {found} in the path of a workflow; rename the folder"


def working_problems() -> Iterator[str]:
    """Find why Snakemake cannot keep its records in the folder that it runs in."""
    records = Path(".snakemake").absolute()
    there = records if records.exists() else records.parent
    if not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"{there}: you may not write into this folder, where Snakemake keeps its records; run "
            "it in a folder of yours, or see to its permissions"
        )


def results_problems(path: str) -> Iterator[str]:
    """Find why results cannot be written into a folder, which need not be there yet.

    Parameters
    ----------
    path : str
        `results_dir` of the config.
    """
    if found := _taken(path):
        yield (f"results_dir: {path!r}: Snakemake takes no {found} in a path; name another folder")
        return
    folder = Path(path)
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir():
        yield f"results_dir: {path!r}: {there} is a file, not a folder; name another folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"results_dir: {path!r}: you may not write into {there}; name another folder (make run "
            "RESULTS=...), or see to its permissions"
        )


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
