"""Cohorts on disk: read, checked cell by cell, written."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evenomics.config.arms import SETTING
from evenomics.config.names import COHORTS
from evenomics.data.cohort import CLASS, GROUP, SAMPLE, Cohort
from evenomics.data.delimited import LARGEST, Matrix, read_matrix
from evenomics.errors import CohortError
from evenomics.files import read_table, write_table
from evenomics.messages import some

# table of the draws that are given, beside the cohorts
_GIVEN = "draws.tsv"

_NO_LABEL = {"", "NA", "NaN", "nan"}

# columns that stand beside the features, in cohorts or among generated samples
_TAKEN = {SAMPLE, CLASS, GROUP, *SETTING}


def _column(values: Sequence[str] | pd.Series, index: pd.Index, name: str) -> pd.Series:
    return pd.Series(np.asarray(values, dtype=object), index=index, name=name, dtype=str)


def read_cohort(path: str | os.PathLike[str], name: str | None = None) -> Cohort:
    """Read a cohort that `write_cohort`, or a rule for cohorts from elsewhere, wrote.

    Parameters
    ----------
    path : path-like
        TSV with the columns ``sample_id``, ``class``, perhaps ``group``, and the features; without
        ``class``, or with nothing in it, the cohort is unlabelled.
    name : str, optional
        Name of the cohort; by default that of the file.

    Returns
    -------
    Cohort

    Raises
    ------
    CohortError
        With every problem of the table.
    """
    path = Path(path)
    name = name or path.name.removesuffix(".gz").removesuffix(".tsv")
    matrix = read_matrix(path, name_column=SAMPLE, text_columns=[CLASS, GROUP])
    given = {column: cells for column, cells in matrix.text.items() if any(cells)}
    return checked_cohort(
        matrix,
        pd.DataFrame(given, index=pd.Index(matrix.rows)),
        path,
        name=name,
        class_column=CLASS if CLASS in given else None,
        group_column=GROUP if GROUP in given else None,
    )


def write_cohort(cohort: Cohort, path: str | os.PathLike[str]) -> None:
    """Write a cohort as TSV; floats come back exactly.

    Parameters
    ----------
    cohort : Cohort
        What to write: ``sample_id``, ``class``, ``group`` where there are groups, and the features.
    path : path-like
        Where to; compressed where it ends in ``.gz``.

    Raises
    ------
    CohortError
        If a feature has the name of one of these columns, or of one that stands beside the
        features of generated samples (``alpha``, ``multiplier``, ``bandwidth``).
    """
    if taken := _TAKEN & {*cohort.features.columns}:
        raise CohortError(
            f"{cohort.place}: a feature cannot be called {some(sorted(taken))}; rename it, or name "
            "it under ignore_columns"
        )
    classes = "" if cohort.classes is None else cohort.classes.to_numpy()
    head = pd.DataFrame({SAMPLE: cohort.features.index, CLASS: classes})
    if cohort.groups is not None:
        head[GROUP] = cohort.groups.to_numpy()
    write_table(pd.concat([head, cohort.features.reset_index(drop=True)], axis=1), path)


def cohort_path(folder: str | os.PathLike[str], name: str, replicate: int = 1) -> Path:
    """Return where a cohort of a study lies.

    Parameters
    ----------
    folder : path-like
        The cohorts of a study, of all replicates.
    name : str
        One of `evenomics.config.names.COHORTS`.
    replicate : int
        From 1. Fixed cohorts are the same in every replicate, and only the first has files.
    """
    return Path(folder) / f"{name}.{replicate}.tsv.gz"


def n_replicates(folder: str | os.PathLike[str]) -> int:
    """Return the number of replicates that have cohorts of their own in a folder."""
    return len(list(Path(folder).glob(f"{COHORTS[0]}.*.tsv.gz")))


def read_cohorts(folder: str | os.PathLike[str], replicate: int = 1) -> dict[str, Cohort]:
    """Read the cohorts of a replicate, by name (see `cohort_path` and `read_cohort`)."""
    return {name: read_cohort(cohort_path(folder, name, replicate), name) for name in COHORTS}


def each_replicate(folder: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Cohort]]]:
    """Read a folder of cohorts replicate by replicate, each with its number."""
    for replicate in range(1, n_replicates(folder) + 1):
        yield replicate, read_cohorts(folder, replicate)


def write_cohorts(
    cohorts: Mapping[str, Cohort], folder: str | os.PathLike[str], replicate: int = 1
) -> None:
    """Write the cohorts of a replicate (see `cohort_path` and `write_cohort`).

    Draws that are given with the real cohort are written beside them (see `read_given`).
    """
    for name, cohort in cohorts.items():
        write_cohort(cohort, cohort_path(folder, name, replicate))
    if "real" in cohorts and (draws := cohorts["real"].draws):
        rows = [(name, sample) for name, samples in draws.items() for sample in samples]
        write_table(pd.DataFrame(rows, columns=["experiment", SAMPLE]), Path(folder) / _GIVEN)


def read_given(folder: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Read the draws that are given with the real cohort of a folder; empty if there are none.

    Returns
    -------
    dict of str to list of str
        Ids of the samples of each draw, in its order.
    """
    if not (path := Path(folder) / _GIVEN).is_file():
        return {}
    by_name = read_table(path).groupby("experiment", sort=False)[SAMPLE]
    return {str(name): samples.tolist() for name, samples in by_name}


def _cell_problems(matrix: Matrix) -> list[str]:
    """Return one line per kind of fault and feature, the first few features of each kind."""
    advice = {
        "missing": "fill it in or leave out the sample, or the feature (`missing: drop_features`)",
        "infinite": "replace it (log of 0?) or leave the feature or the sample out",
        "too large": f"beyond {LARGEST:g} training and variances overflow; empty it if it marks a "
        "gap, or bring the feature to another unit (logarithms)",
        "not a number": "mend it, or name the column under ignore_columns if it is no feature",
    }
    problems = []
    for fault, what_to_do in advice.items():
        cells = [cell for cell in matrix.bad if cell.fault == fault]
        by_column: dict[str, int] = {}
        for cell in cells:
            by_column[cell.column] = by_column.get(cell.column, 0) + 1
        shown = {cell.column: cell for cell in reversed(cells)}
        for column in list(by_column)[:5]:
            cell, others = shown[column], by_column[column] - 1
            comma = re.fullmatch(r"\s*-?\d+,\d+\s*", cell.text)
            problems.append(
                f"column {column!r}, sample {cell.row!r} (line {cell.line}): {cell.text!r} is "
                + fault
                + (f", and so are {others} more cells of the feature; " if others else "; ")
                + ("write decimal points, not commas" if comma else what_to_do)
            )
        if len(by_column) > 5:
            problems.append(f"{len(by_column) - 5} more columns with cells that are {fault}")
    return problems


def _label_problems(
    matrix: Matrix, metadata: pd.DataFrame, class_column: str, source: Path | str
) -> list[str]:
    if not (found := set(matrix.rows) & set(metadata.index)):
        return [
            f"none of the samples ({some(matrix.rows, 2)}) is in {source} "
            f"({some(metadata.index, 2)}); check `sample_column` and `samples: rows | columns`"
        ]
    problems = []
    if without := [sample for sample in matrix.rows if sample not in found]:
        problems.append(
            f"{len(without)} of {len(matrix.rows)} samples are not in {source}: {some(without)}"
        )
    labels = metadata[class_column]
    blank = [sample for sample in labels.index[labels.isin(_NO_LABEL)] if sample in found]
    if blank:
        problems.append(
            f"column {class_column!r} of {source} is blank for {len(blank)} samples: {some(blank)};"
            " label them or leave them out"
        )
    return problems


def checked_cohort(
    matrix: Matrix,
    metadata: pd.DataFrame | None,
    path: Path,
    *,
    name: str,
    class_column: str | None = None,
    group_column: str | None = None,
    labels: Path | None = None,
) -> Cohort:
    """Return the cohort that a matrix and the text beside it make up.

    Parameters
    ----------
    matrix : Matrix
        Samples in rows.
    metadata : pandas.DataFrame or None
        Text about the samples, indexed by their ids.
    path : pathlib.Path
        File of the matrix.
    name : str
        Name of the cohort.
    class_column, group_column : str, optional
        Columns of `metadata` that hold class and group.
    labels : pathlib.Path, optional
        File of `metadata`, where it is another.

    Returns
    -------
    Cohort

    Raises
    ------
    CohortError
        With every problem of the cells and the labels.
    """
    problems = [*matrix.problems, *_cell_problems(matrix)]
    if not matrix.columns:
        problems.append("no column is left that could be a feature")
    problems += [
        f"a feature cannot be called {column!r}; name the column under class_column, "
        "sample_column or ignore_columns"
        for column in (SAMPLE, CLASS)
        if column in matrix.columns
    ]
    for column in (class_column, group_column):
        if column is not None and metadata is not None:
            problems += _label_problems(matrix, metadata, column, labels or path)
    problems = list(dict.fromkeys(problems))
    if problems:
        raise CohortError(f"{path} cannot serve as cohort {name!r}:", problems)
    index = pd.Index(matrix.rows, name=SAMPLE, dtype=str)
    features = pd.DataFrame(
        matrix.numbers, index=index, columns=pd.Index(matrix.columns, dtype=str)
    )
    found: dict[str, pd.Series | None] = dict.fromkeys(["class", "group"])
    for role, column in (("class", class_column), ("group", group_column)):
        if column is not None and metadata is not None:
            found[role] = _column(metadata[column].loc[matrix.rows], index, role)
    return Cohort(features, found["class"], name, str(path), found["group"])
