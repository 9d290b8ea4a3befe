"""Cohorts: samples x features with a class per sample; read, checked, aligned, written."""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from evenomics.errors import CohortError
from evenomics.tables import LARGEST, Matrix, nearest, read_matrix, some
from evenomics.tables import write_table as write_table  # the writer of every table, from here too

logger = logging.getLogger(__name__)

#: The cohorts of a study: what is trained on, what is pre-trained on, what scores are of.
COHORTS = ("real", "external", "validation")
SAMPLE = "sample_id"
CLASS = "class"
GROUP = "group"
_NO_LABEL = {"", "NA", "NaN", "nan"}
# columns that stand beside the features, in cohorts or among generated samples
_TAKEN = {SAMPLE, CLASS, GROUP, "alpha", "multiplier"}
#: Features whose value no other sample has, from which on equal rows are the same sample.
_TELLING = 3


def slug(text: str) -> str:
    """Return `text` with all but letters, digits, ``_`` and ``-`` replaced, for file names."""
    return re.sub(r"[^\w-]+", "_", str(text)).strip("_") or "_"


@dataclass(frozen=True, eq=False)
class Cohort:
    """Measured samples.

    Attributes
    ----------
    features : pandas.DataFrame of float, shape (n_samples, n_features)
        In the user's unit; the index holds the sample ids.
    classes : pandas.Series of str or None
        Class of each sample, same index; None for an unlabelled cohort.
    name : str
        real, external, validation, or what an experiment is called.
    origin : str
        File or generator that the samples come from, for messages.
    groups : pandas.Series of str or None
        Whom each sample is from, where one person gave several.
    """

    features: pd.DataFrame
    classes: pd.Series | None = None
    name: str = "cohort"
    origin: str = ""
    groups: pd.Series | None = None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.features.shape[1]

    @property
    def place(self) -> str:
        """Name and origin, for messages."""
        return f"cohort {self.name!r}" + (f" ({self.origin})" if self.origin else "")

    def class_counts(self) -> dict[str, int]:
        """Return the number of samples per class, in order of appearance; empty if unlabelled."""
        if self.classes is None:
            return {}
        return {str(label): int(n) for label, n in self.classes.value_counts(sort=False).items()}

    def take(self, rows: Sequence[int] | np.ndarray, name: str | None = None) -> Self:
        """Return the samples at these positions, as a cohort of their own."""
        at = np.asarray(rows, dtype=np.intp)
        return replace(
            self,
            features=self.features.iloc[at],
            classes=None if self.classes is None else self.classes.iloc[at],
            groups=None if self.groups is None else self.groups.iloc[at],
            name=name or self.name,
        )

    def select(self, features: Iterable[str]) -> Self:
        """Return the cohort with these features only, in this order."""
        return replace(self, features=self.features.loc[:, list(features)])

    def unlabelled(self) -> Self:
        """Return the cohort without its classes."""
        return replace(self, classes=None)


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
        features of generated samples (``alpha``, ``multiplier``).
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


def check_classes(cohort: Cohort, classes: Sequence[str]) -> None:
    """Check that a labelled cohort has all the classes of a study, and no others.

    Parameters
    ----------
    cohort : Cohort
        The real or the validation cohort.
    classes : sequence of str
        Classes of the study.

    Raises
    ------
    CohortError
        If classes are missing or unknown, with the counts found.
    """
    if cohort.classes is None:
        raise CohortError(f"{cohort.place} has no classes; name its `class_column`")
    counts = cohort.class_counts()
    found = ", ".join(f"{label!r} ({n})" for label, n in counts.items())
    problems = [
        f"{n} samples have the class {label!r}, which the study does not name; "
        f"{nearest(label, classes)} Otherwise add it to `classes`, or leave the samples out "
        "(`where`)"
        for label, n in counts.items()
        if label not in classes
    ]
    problems += [
        f"no sample has the class {label!r}; {nearest(label, counts)}"
        for label in classes
        if label not in counts
    ]
    if len(counts) < 2:
        problems.append(f"at least two classes are needed, found {found}")
    if problems:
        raise CohortError(f"the classes of {cohort.place} do not fit the study:", problems)


def _shared(cohorts: Mapping[str, Cohort]) -> list[str]:
    """Return the features that all cohorts have, in the order of the first."""
    first, *others = cohorts.values()
    everywhere = set(first.features.columns).intersection(*(c.features.columns for c in others))
    return [name for name in first.features.columns if name in everywhere]


def same_samples(one: Cohort, other: Cohort) -> list[tuple[str, str]]:
    """Find samples that two cohorts have in common under different ids.

    Parameters
    ----------
    one, other : Cohort
        Cohorts with the same features in the same order.

    Returns
    -------
    list of (str, str)
        Ids in `one` and in `other` of samples with exactly equal values in all features. Samples
        that share no more than common values (zeros, floors, constants, few levels) can be equal by
        chance: at least three features have to have a value that no third sample has, further
        copies aside. So nothing is found in tables of one or two features.
    """
    cohorts = (one, other)
    values = [cohort.features.to_numpy() + 0.0 for cohort in cohorts]  # no -0.0 beside 0.0
    ids: list[dict[bytes, str]] = [{}, {}]
    rows: dict[bytes, np.ndarray] = {}
    for known, cohort, matrix in zip(ids, cohorts, values, strict=True):
        for sample, row in zip(cohort.features.index, matrix, strict=True):
            key = hashlib.blake2b(row.tobytes()).digest()
            known.setdefault(key, sample)
            rows.setdefault(key, row)
    both = [key for key in ids[0] if key in ids[1] and ids[0][key] != ids[1][key]]
    if not both:
        return []
    distinct = np.array(list(rows.values()))
    order = distinct.argsort(axis=0)
    ranked = np.take_along_axis(distinct, order, 0)
    tied = np.pad(ranked[1:] == ranked[:-1], ((1, 1), (0, 0)))
    alone = np.empty(distinct.shape, dtype=bool)
    np.put_along_axis(alone, order, ~(tied[1:] | tied[:-1]), 0)
    telling = dict(zip(rows, alone.sum(axis=1) >= _TELLING, strict=True))
    return [(ids[0][key], ids[1][key]) for key in both if telling[key]]


def check_together(cohorts: Mapping[str, Cohort], minimum_shared: float = 0.1) -> None:
    """Check that cohorts belong to one study: shared features, samples of their own.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        The cohorts; ``real`` may serve as ``external`` whole, under the same ids (it is used there
        without classes). A part of it may not, nor may samples of it under other ids.
    minimum_shared : float
        Smallest share of the features of the smallest cohort that all have to have; two features
        at the least.

    Raises
    ------
    CohortError
        If fewer are shared, or if samples (by id, or by their values, see `same_samples`) or groups
        are in two cohorts.
    """
    problems = []
    sizes = {name: cohort.n_features for name, cohort in cohorts.items()}
    shared = _shared(cohorts)
    if len(shared) < max(2, minimum_shared * min(sizes.values())):
        names = "; ".join(
            f"{cohort.place}: {some(cohort.features.columns)}, {cohort.n_features} in all"
            for cohort in cohorts.values()
        )
        problems.append(
            f"{len(shared) or 'no'} features are shared by all ({names}); features need the same "
            "names everywhere, and `samples` has to say what the rows are"
        )
    for one, other in combinations(cohorts.values(), 2):
        samples = [set(one.features.index), set(other.features.index)]
        if {one.name, other.name} == {"real", "external"} and samples[0] == samples[1]:
            continue
        if both := samples[0] & samples[1]:
            problems.append(
                f"{len(both)} samples are in {one.place} and in {other.place}: "
                f"{some(sorted(both))}; leave them out of one, or rename them if they are different"
            )
        if copies := same_samples(one.select(shared), other.select(shared)):
            problems.append(
                f"{len(copies)} samples of {one.place} are in {other.place} under other ids, with "
                f"the same values in all {len(shared)} shared features: {some(copies)}; leave them "
                "out of one of the two"
            )
        if one.groups is None or other.groups is None:
            continue
        if groups := set(one.groups) & set(other.groups):
            problems.append(
                f"{len(groups)} groups have samples in {one.place} and in {other.place}: "
                f"{some(sorted(groups))}; keep all samples of a group in one cohort"
            )
    if problems:
        raise CohortError(f"the cohorts {', '.join(cohorts)} do not fit together:", problems)


def align(cohorts: Mapping[str, Cohort], minimum_shared: float = 0.1) -> dict[str, Cohort]:
    """Bring cohorts to the same features, in the order of the real one.

    Features that not all cohorts have are left out, and so are those that are constant in the real
    cohort: they cannot tell its classes apart, and have no scale. Both are logged with numbers.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        ``real`` and others.
    minimum_shared : float
        See `check_together`.

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    CohortError
        If the cohorts do not fit together, or no feature is left.
    """
    check_together(cohorts, minimum_shared)
    shared = _shared({"real": cohorts["real"], **cohorts})
    for cohort in cohorts.values():
        if dropped := cohort.n_features - len(shared):
            logger.warning("%s: %d features are not in every cohort", cohort.place, dropped)
    values = cohorts["real"].features[shared]
    constant = values.columns[values.max() == values.min()]
    if len(constant) == len(shared):
        raise CohortError(
            f"{cohorts['real'].place}: all {len(shared)} features are constant, nothing to learn"
        )
    if len(constant):
        logger.warning(
            "%s: %d constant features left out: %s",
            cohorts["real"].place,
            len(constant),
            some(constant),
        )
    kept = [name for name in shared if name not in set(constant)]
    return {name: cohort.select(kept) for name, cohort in cohorts.items()}
