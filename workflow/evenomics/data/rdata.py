"""R data files and the data of R packages as cohorts, through rpy2 (optional extra ``r``).

R itself looks into its objects: the functions of ``rdata.R`` bring what is there down to matrices
of doubles and vectors of text. So factors, NA, S4 classes and sparse matrices mean here what they
mean in R, and rpy2 passes on only what looks the same on both sides.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import checked_cohort
from evenomics.data.delimited import BadCell, Matrix, beyond
from evenomics.data.r_objects import (
    Table,
    chosen_object,
    measurements,
    only_column,
    open_file,
    open_package,
    side_table,
)
from evenomics.data.r_session import session
from evenomics.data.user_table import filtered, renamed_classes, without_gaps
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import repeats, some

logger = logging.getLogger(__name__)


def read_rdata(
    path: str | os.PathLike[str] | None = None,
    *,
    package: str | None = None,
    name: str = "cohort",
    object: str | None = None,
    assay: str | None = None,
    samples: Literal["rows", "columns"] | None = None,
    sample_column: str | None = None,
    class_column: str | None = None,
    class_object: str | None = None,
    class_names: Mapping[Any, str] | None = None,
    group_column: str | None = None,
    feature_names_object: str | None = None,
    feature_names_column: str | int | None = None,
    make_unique: bool = False,
    ignore_columns: Iterable[str] = (),
    where: Mapping[str, Any] | None = None,
    missing: Literal["error", "drop_features"] = "error",
) -> Cohort:
    """Read an object of an R data file or of an installed R package.

    Open only files that you trust: a made-up one can get older versions of R to run code.

    Parameters
    ----------
    path : path-like, optional
        An .rds, .RData or .rda file. A list in an .rds file counts as several objects.
    package : str, optional
        In place of `path`: an installed R package with data sets.
    name : str
        Name of the cohort.
    object : str, optional
        The object with the measurements: an ExpressionSet, SummarizedExperiment, matrix or
        data.frame. Has to be named where there are several.
    assay : str, optional
        Which assay of an ExpressionSet (``exprs`` by default) or a SummarizedExperiment.
    samples : {"rows", "columns"}, optional
        Where the samples of a matrix or data.frame are; by default in the columns of a matrix and
        in the rows of a data.frame.
    sample_column : str, optional
        Column of the table of the samples (`class_object`, or the one inside `object`) with the
        sample ids; its row names by default. Samples without any name get numbers.
    class_column, group_column : str, optional
        Columns of that table with the class of a sample, and with whom it is from. Without a class
        the cohort is unlabelled.
    class_object : str, optional
        Another object: a vector of classes, or a table of the samples in place of the one inside
        `object`. It is matched by names where both have some, else by position.
    class_names : mapping, optional
        What the classes are called, by what the object calls them, e.g. 0 -> ALL.
    feature_names_object : str, optional
        Another object with the names of the features: a vector, or a table of the features.
        Matched as `class_object` is.
    feature_names_column : str or int, optional
        Column of `feature_names_object`, else of the table of the features inside `object` (with
        the samples of a data.frame in its columns: of itself), by name or by number, the first
        being 1 as in R.
    make_unique : bool
        Whether features of the same name are numbered, as R's ``make.unique`` does. In cohorts
        that list such features in another order, the numbers do not mean the same.
    ignore_columns : iterable of str
        Columns of a matrix or data.frame with samples in rows that are no features.
    where : mapping, optional
        Column of the table of the samples -> value or list of values: only such samples are read.
    missing : {"error", "drop_features"}
        What to do about a feature with missing values in the samples read.

    Returns
    -------
    Cohort

    Raises
    ------
    ConfigError
        If neither or both of `path` and `package` are given, or without R or rpy2.
    CohortError
        With every problem of the object.
    """
    if (path is None) == (package is None):
        raise ConfigError("R objects come from a file or from a package: give `path` or `package`")
    filters = {column: _in_r(value) for column, value in (where or {}).items()}
    others = [other for other in (class_object, feature_names_object) if other is not None]
    problems: list[str] = []
    with session(f"{path or package}") as r:
        if package is not None:
            store = open_package(r, package, object, others)
        else:
            store = open_file(r, Path(path or ""))
        object = chosen_object(r, store, object, others)
        place = store.path(object)
        measured = measurements(r, store.objects[object], place, assay, samples)
        about, annotation = measured.samples, measured.features
        if class_object is not None:
            about = side_table(r, store, class_object)
            class_column = only_column(about, "class_column", class_column)
        if feature_names_object is not None:
            annotation = side_table(r, store, feature_names_object)
            feature_names_column = only_column(
                annotation, "feature_names_column", feature_names_column
            )
        labels = place if about is None else about.place
        wanted = [c for c in (class_column, group_column, *filters) if c is not None]
        inline: list[str | int | None] = [*ignore_columns]
        if about is not None and about.content is measured.cells:
            inline += [*wanted, sample_column]
        if annotation is not None and annotation.content is measured.cells:
            inline.append(feature_names_column)
        values = _without(r, measured.cells, inline, place, problems)
        matrix = _matrix(r, values, measured.in_columns)
        metadata = _name_samples(
            matrix,
            about,
            wanted,
            sample_column,
            inside=about is measured.samples,
            numbered=store.sample_ids(object, len(matrix.numbers)),
            problems=problems,
        )
        _name_features(
            matrix,
            annotation,
            feature_names_column,
            inside=annotation is measured.features,
            problems=problems,
        )
        if make_unique:
            matrix.columns = list(r.unique(r.strings(matrix.columns)))
        matrix.problems += dict.fromkeys([*problems, *_twins(matrix)])
        if matrix.problems:
            raise CohortError(f"{place} cannot serve as cohort {name!r}:", matrix.problems)
        matrix.bad = _bad_cells(r, values, matrix, measured.in_columns)
    if filters:
        matrix, metadata = filtered(matrix, metadata, filters, labels)
    if class_names and class_column is not None:
        table = {str(_in_r(label)): name for label, name in class_names.items()}
        metadata[class_column] = renamed_classes(metadata[class_column], table, labels)
    if missing == "drop_features":
        matrix = without_gaps(matrix, place)
    cohort = checked_cohort(
        matrix,
        metadata,
        place,
        name=name,
        class_column=class_column,
        group_column=group_column,
        labels=labels,
    )
    logger.info("%s: %d samples x %d features", cohort.place, cohort.n_samples, cohort.n_features)
    return cohort


def _without(
    r: Any, values: Any, inline: Sequence[str | int | None], place: Path, problems: list[str]
) -> Any:
    """Return the columns that hold measurements."""
    table = Table(r, values, place)
    others = {table.position(column, problems) for column in inline if column is not None}
    kept = [at for at in range(1, int(r.size(values)[1]) + 1) if at not in others]
    return r.take(values, r.integers(kept))


def _matrix(r: Any, values: Any, in_columns: bool) -> Matrix:
    """Return the measurements, samples in rows, with the names that they have in R."""
    numbers, rows, columns = r.numbers(values), list(r.names(values)), list(r.columns(values))
    if in_columns:
        numbers, rows, columns = numbers.T, columns, rows
    return Matrix(rows, columns, np.ascontiguousarray(numbers))


def _name_samples(
    matrix: Matrix,
    about: Table | None,
    wanted: Sequence[str],
    sample_column: str | None,
    *,
    inside: bool,
    numbered: list[str],
    problems: list[str],
) -> pd.DataFrame:
    """Give the samples ids, and return the columns asked for by ids."""
    if about is None:
        problems += [
            f"no column {column!r}: there is no table of the samples; name one as class_object"
            for column in dict.fromkeys([*wanted, sample_column])
            if column is not None
        ]
        matrix.rows = matrix.rows or numbered
        return pd.DataFrame(index=pd.Index(matrix.rows))
    ids = about.names() if sample_column is None else about.text(sample_column, problems)
    columns = {column: about.text(column, problems) for column in dict.fromkeys(wanted)}
    if inside:
        matrix.rows = (matrix.rows if sample_column is None else ids) or numbered
        ids = matrix.rows
    elif not (ids and matrix.rows):
        if len(about) != len(matrix.numbers):
            problems.append(
                f"{about.place} is about {len(about)} samples, but there are {len(matrix.numbers)}"
                f" (and {matrix.numbers.shape[1]} features); do they go together, and does "
                "`samples` say where the samples are?"
            )
        ids = matrix.rows = matrix.rows or ids or numbered
    elif repeated := repeats(ids):
        problems.append(f"samples stand more than once in {about.place}: {some(repeated)}")
    if any(len(column) != len(ids) for column in columns.values()):
        return pd.DataFrame(index=pd.Index(ids))  # with a problem that says why
    return pd.DataFrame(columns, index=pd.Index(ids), dtype=str)


def _name_features(
    matrix: Matrix,
    annotation: Table | None,
    column: str | int | None,
    *,
    inside: bool,
    problems: list[str],
) -> None:
    """Give the features the names asked for."""
    n_features = matrix.numbers.shape[1]
    if column is None:
        if len(matrix.columns) < n_features:
            problems.append(
                f"the {n_features} features have no names (the samples are "
                f"{len(matrix.numbers)}); give them some in R, or name the object that holds "
                "them as feature_names_object"
            )
        return
    if annotation is None:
        problems.append(
            f"no column {column!r}: there is no table of the features; name one as "
            "feature_names_object"
        )
        return
    names = annotation.text(column, problems)
    by = annotation.names()
    if not inside and by and matrix.columns:
        found = dict(zip(by, names, strict=False))
        absent = [name for name in matrix.columns if name not in found]
        if repeated := repeats(by):
            problems.append(
                f"features stand more than once in {annotation.place}: {some(repeated)}"
            )
        elif absent and names:
            problems.append(
                f"{len(absent)} of {n_features} features are not in {annotation.place} "
                f"({some(by, 2)}): {some(absent)}"
            )
        names = [found.get(name, name) for name in matrix.columns]
    elif names and len(names) != n_features:
        problems.append(
            f"{annotation.place} names {len(names)} features, but there are {n_features} (and "
            f"{len(matrix.numbers)} samples); do they go together, and does `samples` say where "
            "the samples are?"
        )
    if blank := [i for i, name in enumerate(names, start=1) if name in ("", "NA")]:
        problems.append(
            f"{len(blank)} features have no name in column {column!r} of {annotation.place}: "
            f"numbers {some(blank)}; take another column"
        )
    matrix.columns = names


def _twins(matrix: Matrix) -> Iterator[str]:
    """Say which names stand more than once."""
    sides = (
        ("samples", matrix.rows, "take another sample_column"),
        ("features", matrix.columns, "take another feature_names_column, or set make_unique"),
    )
    for side, names, advice in sides:
        if repeated := repeats(names):
            yield f"names of {side} stand more than once: {some(repeated)}; {advice}"


def _bad_cells(r: Any, values: Any, matrix: Matrix, in_columns: bool) -> list[BadCell]:
    """Find the cells without a number to reckon with; their line is the row of the R object."""
    samples, features = np.nonzero(beyond(matrix.numbers))
    if not len(samples):
        return []
    rows, columns = (features, samples) if in_columns else (samples, features)
    texts = r.cells(values, r.integers((rows + 1).tolist()), r.integers((columns + 1).tolist()))
    return [
        BadCell(matrix.rows[sample], matrix.columns[feature], int(row) + 1, text)
        for sample, feature, row, text in zip(samples, features, rows, texts, strict=True)
    ]


def _in_r(value: Any) -> Any:
    """Return values of the config as R writes them."""
    if isinstance(value, list | tuple):
        return [_in_r(part) for part in value]
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:.15g}" if isinstance(value, float) else str(value)
