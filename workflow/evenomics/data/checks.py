"""Cohorts that belong to one study: classes, shared features, samples of their own."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.messages import nearest, some

logger = logging.getLogger(__name__)


#: Features whose value no other sample has, from which on equal rows are the same sample.
_TELLING = 3


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
