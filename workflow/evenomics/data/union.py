"""Samples of several tables put together: the same sample in several tables is one."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.messages import some


def united(
    tables: Mapping[str, Cohort], name: str, by_values: bool = False
) -> tuple[Cohort, dict[str, list[str]]]:
    """Put the samples of tables together.

    Parameters
    ----------
    tables : mapping of str to Cohort
        By what messages call them. They need the same features, in any order.
    name : str
        Name of the cohort that they make up.
    by_values : bool
        Whether samples are the same that have the same values, as in tables without ids; the sample
        then has the id that it has in its first table. Equal rows of one table are as many samples.
        Otherwise the ids tell.

    Returns
    -------
    cohort : Cohort
        Every sample once, in the order of the tables, with the features in the order of the first.
    members : dict of str to list of str
        Ids of the samples of each table, in its order.

    Raises
    ------
    CohortError
        If features differ, or the same sample has other values, another class or another group.
    """
    first, *others = tables.values()
    if not others:
        return replace(first, name=name), {table: [*first.features.index] for table in tables}
    if problems := [*_feature_problems(tables)]:
        raise CohortError(f"the tables of cohort {name!r} do not fit together:", problems)
    columns = first.features.columns
    ids: dict[Hashable, str] = {}
    of_sample: dict[Hashable, tuple[str, _Content]] = {}
    members, rows = {}, []
    conflicts: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for table, cohort in tables.items():
        contents = _contents(cohort, columns)
        keys = _by_values(contents) if by_values else cohort.features.index
        new = [key not in ids for key in keys]
        for key, sample, content in zip(keys, cohort.features.index, contents, strict=True):
            ids.setdefault(key, sample)
            before, known = of_sample.setdefault(key, (table, content))
            for what in known:
                if known[what] != content[what]:
                    conflicts[what, table, before].append(ids[key])
        members[table] = [ids[key] for key in keys]
        rows.append(cohort.select(columns).take(np.flatnonzero(new)))
    if conflicts:
        raise CohortError(
            f"the tables of cohort {name!r} do not fit together:",
            [
                f"{len(samples)} samples have {what} in {table!r} than in {before!r}: "
                f"{some(samples)}; "
                + (
                    "mend them, or give samples ids (`sample_column`) if they are different"
                    if by_values
                    else "mend them, or rename them if they are different"
                )
                for (what, table, before), samples in conflicts.items()
            ],
        )
    return _stacked(rows, name), members


#: Values, class and group of a sample, by how messages call a difference.
_Content = dict[str, Hashable]


def _contents(cohort: Cohort, columns: pd.Index) -> list[_Content]:
    values = cohort.features[columns].to_numpy() + 0.0  # no -0.0 beside 0.0
    nothing = [None] * cohort.n_samples
    classes = nothing if cohort.classes is None else cohort.classes
    groups = nothing if cohort.groups is None else cohort.groups
    return [
        {
            "other values": hashlib.blake2b(row.tobytes()).digest(),
            "another class": label,
            "another group": group,
        }
        for row, label, group in zip(values, classes, groups, strict=True)
    ]


def _by_values(contents: Sequence[_Content]) -> list[Hashable]:
    """Return what tells samples apart: their values, and which of equal rows of the table it is."""
    seen: Counter[Hashable] = Counter()
    keys: list[Hashable] = []
    for content in contents:
        values = content["other values"]
        keys.append((values, seen[values]))
        seen[values] += 1
    return keys


def _feature_problems(tables: Mapping[str, Cohort]) -> Iterator[str]:
    (name, first), *others = tables.items()
    for other, cohort in others:
        lacking = first.features.columns.difference(cohort.features.columns, sort=False)
        more = cohort.features.columns.difference(first.features.columns, sort=False)
        parts = [
            *[f"lacks {len(lacking)} features of {name!r} ({some(lacking)})"] * bool(len(lacking)),
            *[f"has {len(more)} that {name!r} lacks ({some(more)})"] * bool(len(more)),
        ]
        if parts:
            yield f"{other!r} {' and '.join(parts)}; all tables need the same features"


def _stacked(parts: Sequence[Cohort], name: str) -> Cohort:
    """Return one cohort of the samples of several, one after the other."""
    origins = list(dict.fromkeys(part.origin for part in parts))
    first = parts[0]
    return Cohort(
        pd.concat([part.features for part in parts]),
        None if first.classes is None else pd.concat([part.classes for part in parts]),
        name,
        some(map(Path, origins), 2),
        None if first.groups is None else pd.concat([part.groups for part in parts]),
    )
