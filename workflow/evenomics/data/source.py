"""What a source of cohorts is, and the three cohorts of a study from it.

A new source is a module in `evenomics.data.sources` that registers a function with `source`, its
options in ``config/schema/sources/NAME.schema.yaml``, and an entry in ``config/schema/names.yaml``.
What no schema can find wrong with its options is a module of the same name in
`evenomics.config.sources`. A source that needs R or a network has a rule besides, which imports its
cohorts as tables of one form (``workflow/rules/sources.smk``).
"""

import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from evenomics.config.names import COHORTS
from evenomics.config.registry import Registry
from evenomics.config.replicates import split_of
from evenomics.data.checks import check_classes, check_together
from evenomics.data.cohort import SAMPLE, Cohort
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import nearest, slug
from evenomics.randomness import stream

logger = logging.getLogger(__name__)

Key = TypeVar("Key")
Found = TypeVar("Found")

# samples that every class needs: two to learn from, one to be scored on
_LEAST = {"real": 2, "validation": 1}


@dataclass(frozen=True)
class Request:
    """What a source is asked for.

    Attributes
    ----------
    options : mapping
        The section ``cohorts`` of a study in the config.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.
    imported : mapping of str to path
        Tables that a rule imported, by cohort, or ``table``; see
        `evenomics.config.cohorts.imported_names`.
    given : mapping of str to mapping
        Draws from the real cohort that are given; see `evenomics.config.tables.given_draws`.
    downloaded : mapping of str to path
        Files of the tables that the options name by their addresses.

    Examples
    --------
    >>> request = Request({"n_real": 40, "n_external": 9, "n_validation": 12}, ["a", "b"], seed=1)
    >>> cohorts = SOURCES["builtin"](request)
    >>> [(name, cohort.n_samples) for name, cohort in cohorts.items()]
    [('real', 40), ('external', 9), ('validation', 12)]
    """

    options: Mapping[str, Any]
    classes: Sequence[str]
    seed: int
    imported: Mapping[str, str | os.PathLike[str]] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    downloaded: Mapping[str, str | os.PathLike[str]] = field(default_factory=dict)


#: Returns the three cohorts by name, or as ``table`` the one that is split into them. Without an
#: external cohort, the real one takes its place, without its classes.
Source = Callable[[Request], dict[str, Cohort]]

#: The sources by their names in the config.
SOURCES: Registry[Source] = Registry("sources", "evenomics.data.sources")


def source(name: str) -> Callable[[Source], Source]:
    """Return a decorator that registers a source.

    Parameters
    ----------
    name : str
        Name in the config.
    """
    return lambda code: SOURCES.register(name, code)


def load_study(
    options: Mapping[str, Any],
    classes: Sequence[str],
    seed: int,
    imported: Mapping[str, str | os.PathLike[str]] | None = None,
    *,
    given: Mapping[str, Mapping[str, Any]] | None = None,
    downloaded: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Iterator[dict[str, Cohort]]:
    """Load the three cohorts of a study, checked, of one replicate after the other.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config; ``source`` is a key of `SOURCES`.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.
    imported, given, downloaded : mapping, optional
        Tables that a rule imported for the study, draws that are given, tables that were
        downloaded; see `Request`.

    Yields
    ------
    dict of str to Cohort
        ``real``, ``external`` and ``validation``, with the features that they came with (see
        `evenomics.data.checks.align`). The external one has no classes: nothing may use them. If
        one table is split, the cohorts of each split; otherwise the cohorts, once.

    Raises
    ------
    CohortError
        With the problems of a table, or of the cohorts together.
    ConfigError
        If there is no such source, or classes that cannot be told apart in file names.
    """
    name = options["source"]
    if name not in SOURCES:
        raise ConfigError(f"no source {name!r} of cohorts; {nearest(name, SOURCES)}")
    if len(classes) < 2 or len({slug(label).casefold() for label in classes}) < len(classes):
        raise ConfigError(
            f"`classes` needs two or more names that differ in their letters, digits, `_` or `-`; "
            f"found {list(classes)}"
        )
    request = Request(options, classes, seed, imported or {}, given or {}, downloaded or {})
    found = SOURCES[name](request)
    if "table" not in found:
        yield _checked(found, classes)
        return
    how = split_of(options)
    shares = {name: how[name] for name in COHORTS if how[name]}
    for replicate in range(1, how["replicates"] + 1):
        logger.info("split %d of %d", replicate, how["replicates"])
        parts = split_for_study(found["table"], shares, classes, seed, replicate)
        yield _checked(parts, classes)


def _checked(cohorts: Mapping[str, Cohort], classes: Sequence[str]) -> dict[str, Cohort]:
    """Return all cohorts of a study, checked; the external one without its classes."""
    if "external" not in cohorts:
        logger.info("no external samples: the real ones serve for pre-training, without classes")
    external = cohorts.get("external", cohorts["real"])
    cohorts = {**cohorts, "external": replace(external, name="external").unlabelled()}
    cohorts = {name: cohorts[name] for name in COHORTS}
    check_classes(cohorts["real"], classes)
    check_classes(cohorts["validation"], classes)
    check_together(cohorts)
    for cohort in cohorts.values():
        counts = ", ".join(f"{label} {n}" for label, n in cohort.class_counts().items())
        logger.info(
            "%s: %d samples x %d features; %s",
            cohort.place,
            cohort.n_samples,
            cohort.n_features,
            counts or "no classes",
        )
    return cohorts


def from_tables(readers: Mapping[str, Callable[[], Cohort]], request: Request) -> dict[str, Cohort]:
    """Return the cohorts of a study that has a table for each, or the one table to split.

    Parameters
    ----------
    readers : mapping of str to callable
        What reads the table of a cohort, or ``table``.
    request : Request

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    ConfigError
        If a table is missing.
    CohortError
        With the problems of all tables.
    """
    check_complete(readers)
    cohorts = read_together(readers)
    if "table" in cohorts:
        check_classes(cohorts["table"], request.classes)
    return cohorts


def check_complete(names: Collection[str]) -> None:
    """Check that a study has a table for each cohort that it needs, or one to split.

    Raises
    ------
    ConfigError
        If one is missing.
    """
    problems = [
        f"no table for the {name} cohort; give `{name}: {{...}}`, or one `table` to split"
        for name in ("real", "validation")
        if name not in names and "table" not in names
    ]
    if problems:
        raise ConfigError("the study's `cohorts` are not complete:", problems)


def read_together(readers: Mapping[Key, Callable[[], Found]]) -> dict[Key, Found]:
    """Read or check cohorts, and report the faults of all of them together.

    Parameters
    ----------
    readers : mapping of any key to callable
        What reads, or checks, each of them.

    Raises
    ------
    CohortError
        With the problems of all that cannot be read.
    """
    cohorts, faults = {}, []
    for name, read in readers.items():
        try:
            cohorts[name] = read()
        except CohortError as error:
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise CohortError("tables cannot be read:", map(str, faults))
    return cohorts


def split_for_study(
    whole: Cohort,
    shares: Mapping[str, float],
    classes: Sequence[str],
    seed: int,
    replicate: int = 1,
) -> dict[str, Cohort]:
    """Split a cohort into those of a study, and check that each has what it is needed for.

    Parameters
    ----------
    whole : Cohort
        What to split. The external cohort keeps its samples of classes that the study does not
        have, the others do not.
    shares : mapping of str to float
        Share of each cohort; see `split`.
    classes : sequence of str
        Classes of the study, which have to be in the real and the validation cohort.
    seed, replicate : int
        See `split`.

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    CohortError
        With every cohort and class that gets too few samples.
    """
    parts = split(whole, shares, seed, replicate)
    totals = whole.class_counts()
    problems = []
    for name, part in parts.items():
        found = part.class_counts()
        if name == "external":
            if part.n_samples < 2:
                problems.append(
                    f"external, a share of {shares[name]:g}, gets {part.n_samples} of the "
                    f"{whole.n_samples} samples; at least 2 are needed"
                )
            continue
        problems += [
            f"{name}, a share of {shares[name]:g}, gets {found.get(label, 0)} of the "
            f"{totals[label]} samples of the class {label!r}; at least {least} are needed"
            for label in classes
            if found.get(label, 0) < (least := _LEAST[name])
        ]
        parts[name] = part.take(np.flatnonzero(labels_of(part).isin(list(classes))))
    if problems:
        together = "; samples of a group stay together" if whole.groups is not None else ""
        raise CohortError(
            f"{whole.place} is too small for this split{together}. Raise the shares of the parts "
            "below, or leave a class with few samples out:",
            problems,
        )
    return parts


def split(
    cohort: Cohort, fractions: Mapping[str, float], seed: int, replicate: int = 1
) -> dict[str, Cohort]:
    """Split a cohort at random, classes in proportion, all samples of a group in one part.

    Groups are taken in random order, the largest first; each goes to the part that lacks most of
    its classes.

    Parameters
    ----------
    cohort : Cohort
        What to split; without `groups` every sample is its own.
    fractions : mapping of str to float
        Share of each part; they add up to 1.
    seed : int
        Seed of the run.
    replicate : int
        Number of the split, from 1. Each has a random stream of its own.

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    ConfigError
        If the shares do not add up to 1.
    """
    if not np.isclose(sum(fractions.values()), 1.0):
        raise ConfigError(
            f"the fractions of {cohort.place} have to add up to 1, found "
            + " + ".join(f"{name} {value:g}" for name, value in fractions.items())
        )
    groups = cohort.features.index if cohort.groups is None else cohort.groups
    member, names = pd.factorize(np.asarray(groups))
    counts = pd.crosstab(member, labels_of(cohort).to_numpy()).to_numpy()
    rng = stream(seed, "split", replicate, *fractions)
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    totals = counts.sum(axis=0)
    lack = np.outer(list(fractions.values()), totals)
    part = np.empty(len(names), dtype=int)
    for group in order:
        part[group] = np.argmax(lack @ (counts[group] / totals))
        lack[part[group]] -= counts[group]
    return {
        name: cohort.take(np.flatnonzero(part[member] == i), name)
        for i, name in enumerate(fractions)
    }


def labels_of(cohort: Cohort) -> pd.Series:
    """Return the classes of a labelled cohort; ConfigError for another."""
    if cohort.classes is None:
        raise ConfigError(f"{cohort.place} has no classes; name its `class_column`")
    return cohort.classes


def cohort_of(
    X: np.ndarray,
    classes: np.ndarray,
    ids: Sequence[str],
    columns: Sequence[str],
    name: str,
    origin: str,
) -> Cohort:
    """Return a cohort of arrays.

    Parameters
    ----------
    X : ndarray of float, shape (n_samples, n_features)
    classes : ndarray of str, shape (n_samples,)
    ids, columns : sequence of str
        Names of the samples and of the features.
    name, origin : str
        See `evenomics.data.cohort.Cohort`.
    """
    index = pd.Index(ids, name=SAMPLE, dtype=str)
    features = pd.DataFrame(X, index=index, columns=pd.Index(columns, dtype=str))
    return Cohort(features, pd.Series(classes, index=index, name="class", dtype=str), name, origin)
