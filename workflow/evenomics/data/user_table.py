"""Tables as users have them: samples in rows or in columns, classes inside or in a second file."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from evenomics.config.cohorts import ROW_NUMBER
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import checked_cohort
from evenomics.data.delimited import Matrix, read_matrix, read_text_table
from evenomics.errors import CohortError
from evenomics.files import sha256_of
from evenomics.messages import nearest, some

logger = logging.getLogger(__name__)


def read_user_table(
    path: str | os.PathLike[str],
    *,
    name: str = "cohort",
    sample_column: str | None = None,
    class_column: str | None = None,
    samples: Literal["rows", "columns"] = "rows",
    class_names: Mapping[str, str] | None = None,
    classes_path: str | os.PathLike[str] | None = None,
    group_column: str | None = None,
    ignore_columns: Iterable[str] = (),
    where: Mapping[str, Any] | None = None,
    missing: Literal["error", "drop_features"] = "error",
    sha256: str | None = None,
    classes_sha256: str | None = None,
) -> Cohort:
    """Read a user's table of measurements.

    Parameters
    ----------
    path : path-like
        Text separated by tab, comma or semicolon (found out from the file), plain or gzip.
    name : str
        Name of the cohort.
    sample_column : str, optional
        Column with the sample ids, here and in `classes_path`; the first one by default. With
        samples in columns it names the column of the feature names only in `classes_path`. With
        ``row_number``, where there is no such column, ids are made from `name` and the row.
    class_column : str, optional
        Column (with samples in columns: row) with the classes; without it the cohort is
        unlabelled.
    samples : {"rows", "columns"}
        What a row of the table is: a sample, or a feature.
    class_names : mapping of str to str, optional
        What the study calls the classes, by what the file calls them. Without it, the names stay.
    classes_path : path-like, optional
        Second table, samples in rows, that holds `class_column`, `group_column` and the columns of
        `where`. Its further samples are left aside.
    group_column : str, optional
        Column that says whom a sample is from.
    ignore_columns : iterable of str
        Columns (rows) of the first table that are no features.
    where : mapping, optional
        Column -> value or list of values: only such samples are read.
    missing : {"error", "drop_features"}
        What to do about a feature with missing values in the samples read.
    sha256, classes_sha256 : str, optional
        Checksums that the two files have to have.

    Returns
    -------
    Cohort

    Raises
    ------
    CohortError
        With every problem of the table.
    """
    path, filters, ignored = Path(path), dict(where or {}), list(ignore_columns)
    _check_files((path, sha256), (Path(classes_path or path), classes_sha256))
    wanted = [column for column in (class_column, group_column, *filters) if column is not None]
    inline = ignored if classes_path else [*ignored, *wanted]
    if samples == "rows":
        matrix = read_matrix(path, name_column=sample_column, text_columns=inline)
        if sample_column == ROW_NUMBER:
            matrix = _named_by(matrix, name)
    else:
        matrix = _turned(read_matrix(path, text_rows=inline))
    if classes_path:
        metadata, source = read_text_table(classes_path, sample_column), Path(classes_path)
    else:
        metadata, source = pd.DataFrame(matrix.text, index=pd.Index(matrix.rows)), path
    known = [*metadata.columns] if classes_path else [*metadata.columns, *matrix.columns]
    problems = [
        f"no column {column!r} in {source}; {nearest(column, known)}"
        for column in dict.fromkeys(wanted)
        if column not in metadata.columns
    ]
    # "" stands for any columns without a name
    absent = [column for column in ignored if column and column not in matrix.text]
    problems += [
        f"no column {column!r} to ignore in {path}; {nearest(column, matrix.columns)}"
        for column in absent
    ]
    if problems:
        raise CohortError(f"{path} cannot serve as a cohort:", [*matrix.problems, *problems])
    if filters:
        matrix, metadata = filtered(matrix, metadata, filters, source)
    if class_names and class_column is not None:
        metadata[class_column] = renamed_classes(metadata[class_column], class_names, source)
    if missing == "drop_features":
        matrix = without_gaps(matrix, path)
    return checked_cohort(
        matrix,
        metadata,
        path,
        name=name,
        class_column=class_column,
        group_column=group_column,
        labels=source,
    )


def _check_files(*checksums: tuple[Path, str | None]) -> None:
    """Check that files have the checksums that they have to have; CohortError for the others."""
    problems = [
        f"{path}: its SHA-256 is {found}, and has to be {wanted.lower()}; put the right file "
        "there, or mend the checksum in the config"
        for path, wanted in checksums
        if wanted and path.is_file() and (found := sha256_of(path)) != wanted.lower()
    ]
    if problems:
        raise CohortError("tables are not the files that are meant:", problems)


def renamed_classes(classes: pd.Series, names: Mapping[str, str], source: Path) -> pd.Series:
    """Return the classes under the names that the study has for them; blanks stay.

    Parameters
    ----------
    classes : Series of str
    names : mapping of str to str
        Name in the study, by that in the file.
    source : path
        Of the classes, for messages.

    Raises
    ------
    CohortError
        If a class has no name.
    """
    if unknown := [label for label in classes.unique() if label not in {*names, "", "NA"}]:
        raise CohortError(
            f"{source}: class_names does not say what these classes are called: {some(unknown)}; "
            f"it has {some(names)}"
        )
    return classes.map(lambda label: names.get(label, label))


def _named_by(matrix: Matrix, prefix: str) -> Matrix:
    """Return the matrix with samples that are named by a prefix and the number of their row."""
    width = len(str(len(matrix.rows)))
    names = {row: f"{prefix}_{row.zfill(width)}" for row in matrix.rows}
    return replace(
        matrix,
        rows=[*names.values()],
        lines={names[row]: line for row, line in matrix.lines.items()},
        bad=[replace(cell, row=names[cell.row]) for cell in matrix.bad],
    )


def _turned(matrix: Matrix) -> Matrix:
    """Return the matrix with samples in rows."""
    bad = [replace(cell, row=cell.column, column=cell.row) for cell in matrix.bad]
    rows, columns = matrix.columns, matrix.rows
    return replace(matrix, rows=rows, columns=columns, numbers=matrix.numbers.T, bad=bad, lines={})


def filtered(
    matrix: Matrix, metadata: pd.DataFrame, where: Mapping[str, Any], source: Path
) -> tuple[Matrix, pd.DataFrame]:
    """Return the samples whose columns have the values asked for."""
    keep = pd.Series(True, index=metadata.index)
    problems = []
    for column, value in where.items():
        values = [str(v) for v in (value if isinstance(value, list | tuple) else [value])]
        problems += [
            f"no sample has {column}: {v!r} in {source}; "
            f"{nearest(v, metadata[column].drop_duplicates())}"
            for v in values
            if v not in set(metadata[column])
        ]
        keep &= metadata[column].isin(values)
    kept = set(metadata.index[keep])
    rows = [i for i, sample in enumerate(matrix.rows) if sample in kept]
    if not rows and not problems:
        problems.append(f"no sample of {source} fulfils all of {dict(where)}")
    if problems:
        raise CohortError("`where` leaves nothing to read:", problems)
    return replace(
        matrix,
        rows=[matrix.rows[i] for i in rows],
        numbers=matrix.numbers[rows],
        bad=[cell for cell in matrix.bad if cell.row in kept],
    ), metadata[keep]


def without_gaps(matrix: Matrix, place: Path) -> Matrix:
    """Leave out the features with missing values, and say how many."""
    gaps = {cell.column for cell in matrix.bad if cell.fault == "missing"}
    if not gaps:
        return matrix
    logger.warning(
        "%s: %d of %d features left out, because they have missing values",
        place,
        len(gaps),
        len(matrix.columns),
    )
    kept = [i for i, column in enumerate(matrix.columns) if column not in gaps]
    return replace(
        matrix,
        columns=[matrix.columns[i] for i in kept],
        numbers=matrix.numbers[:, kept],
        bad=[cell for cell in matrix.bad if cell.column not in gaps],
    )
