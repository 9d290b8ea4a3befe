"""Where the cohorts of a study come from.

A new source is a function of `Request` that returns the three cohorts, and a line in `SOURCES`.
Sources that need R or a network are rules of the workflow (``workflow/rules/sources.smk``): they
make tables of one form, and here these are read.
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

from evenomics.config.cohorts import given_cohorts
from evenomics.config.names import COHORTS
from evenomics.data.checks import check_classes, check_together
from evenomics.data.cohort import SAMPLE, Cohort
from evenomics.data.cohort_files import read_cohort
from evenomics.data.simulate import Engine
from evenomics.data.user_table import read_table
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import nearest, slug
from evenomics.randomness import stream

logger = logging.getLogger(__name__)


DATASETS = {"breast_cancer": load_breast_cancer, "wine": load_wine}

_FRACTIONS = {"real": 0.5, "external": 0.2, "validation": 0.3}

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
    made : mapping of str to path
        Tables that a rule made, by cohort, or ``table``; see `made_names`.
    """

    options: Mapping[str, Any]
    classes: Sequence[str]
    seed: int
    made: Mapping[str, str | os.PathLike[str]] = field(default_factory=dict)


Source = Callable[[Request], dict[str, Cohort]]


def builtin(request: Request) -> dict[str, Cohort]:
    """Simulate three cohorts from one engine; cluster k is the k-th class of the study."""
    sizes = {name: request.options[f"n_{name}"] for name in COHORTS}
    names = ("n_features", "weighted", "noise_shape", "noise_scale")
    given = {name: request.options[name] for name in names if name in request.options}
    engine = Engine.draw_parameters(
        stream(request.seed, "simulate", "engine"), n_clusters=len(request.classes), **given
    )
    n_features = len(engine.mean)
    columns = [f"F{i:0{len(str(n_features))}d}" for i in range(1, n_features + 1)]
    cohorts = {}
    for name, n in sizes.items():
        X, labels = engine.sample(n, stream(request.seed, "simulate", name))
        ids = [f"{name}_{i:0{len(str(n))}d}" for i in range(1, n + 1)]
        cohorts[name] = _cohort(
            X, np.array(request.classes)[labels], ids, columns, name, "built-in simulator"
        )
    return cohorts


def embedded(request: Request) -> dict[str, Cohort]:
    """Cut a data set that ships inside scikit-learn into three disjoint cohorts.

    The external cohort keeps samples of classes that the study does not name.
    """
    name = request.options["dataset"]
    data = DATASETS[name]()
    known = [str(label) for label in data.target_names]
    problems = [
        f"{label!r} is no class of {name!r}; {nearest(label, known)}"
        for label in request.classes
        if label not in known
    ]
    if problems:
        raise ConfigError("the study's `classes` do not fit its data set:", problems)
    columns = [slug(feature) for feature in data.feature_names]
    ids = [f"{name}_{i:03d}" for i in range(1, len(data.target) + 1)]
    whole = _cohort(
        data.data, data.target_names[data.target], ids, columns, name, f"scikit-learn's {name}"
    )
    parts = _parts(whole, request.options.get("fractions", _FRACTIONS), request)
    for part in ("real", "validation"):
        named = _labels(parts[part]).isin(list(request.classes))
        parts[part] = parts[part].take(np.flatnonzero(named))
    return parts


def table(request: Request) -> dict[str, Cohort]:
    """Read the user's tables: one for each cohort, or one that is split.

    Without a table of its own, the external cohort is the real one without its classes.
    """
    specs = given_cohorts(request.options)
    _check_complete(specs)
    readers = {name: partial(read_table, **spec, name=name) for name, spec in specs.items()}
    return _three(_together(readers), request)


def made(request: Request) -> dict[str, Cohort]:
    """Read the tables that a rule made: one for each cohort, or one that is split."""
    _check_complete(request.made)
    cohorts = _together(
        {name: partial(read_cohort, path, name) for name, path in request.made.items()}
    )
    return _three(cohorts, request)


def _check_complete(names: Iterable[str]) -> None:
    given = set(names)
    problems = [
        f"no table for the {name} cohort; give `{name}: {{...}}`, or one `table` to split"
        for name in ("real", "validation")
        if not {name, "table"} & given
    ]
    if problems:
        raise ConfigError("the study's `cohorts` are not complete:", problems)


def _together(readers: Mapping[str, Callable[[], Cohort]]) -> dict[str, Cohort]:
    """Read cohorts, and report the faults of all of them together."""
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


def _three(cohorts: dict[str, Cohort], request: Request) -> dict[str, Cohort]:
    """Return the three cohorts of what was read."""
    if "table" in cohorts:
        whole = cohorts["table"]
        check_classes(whole, request.classes)
        shares = {**_FRACTIONS, **(request.options.get("split") or {})}
        shares.pop("by", None)
        cohorts = _parts(whole, {name: n for name, n in shares.items() if n}, request)
    if "external" not in cohorts:
        logger.info("no external samples: the real ones serve for pre-training, without classes")
        cohorts["external"] = replace(cohorts["real"], name="external")
    return cohorts


def _parts(whole: Cohort, shares: Mapping[str, float], request: Request) -> dict[str, Cohort]:
    """Split a cohort into the three of a study, and see that each has what it is needed for."""
    parts = split(whole, shares, request.seed)
    totals = whole.class_counts()
    problems = []
    for name, part in parts.items():
        found = part.class_counts()
        if name == "external" and part.n_samples < 2:
            problems.append(
                f"external, a share of {shares[name]:g}, gets {part.n_samples} of the "
                f"{whole.n_samples} samples; at least 2 are needed"
            )
        problems += [
            f"{name}, a share of {shares[name]:g}, gets {found.get(label, 0)} of the "
            f"{totals[label]} samples of the class {label!r}; at least {least} are needed"
            for label in request.classes
            if name != "external" and found.get(label, 0) < (least := _LEAST[name])
        ]
    if problems:
        together = "; samples of a group stay together" if whole.groups is not None else ""
        raise CohortError(
            f"{whole.place} is too small for this split{together}. Raise the shares of the parts "
            "below, or leave a class with few samples out:",
            problems,
        )
    return parts


SOURCES: dict[str, Source] = {
    "builtin": builtin,
    "sklearn": embedded,
    "table": table,
    "geo": made,
    "rdata": made,
    "umpire": made,
}


def load_study(
    options: Mapping[str, Any],
    classes: Sequence[str],
    seed: int,
    made: Mapping[str, str | os.PathLike[str]] | None = None,
) -> dict[str, Cohort]:
    """Return the three cohorts of a study, checked.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config; ``source`` is a key of `SOURCES`.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.
    made : mapping of str to path, optional
        Tables that a rule made for the study (`made_names`).

    Returns
    -------
    dict of str to Cohort
        ``real``, ``external`` and ``validation``, with the features that they came with (see
        `evenomics.data.checks.align`). The external one has no classes: nothing may use them.

    Raises
    ------
    CohortError
        With the problems of a table, or of the cohorts together.
    ConfigError
        If there is no such source, or classes that cannot be told apart in file names.
    """
    source = options["source"]
    if source not in SOURCES:
        raise ConfigError(f"no source {source!r} of cohorts; {nearest(source, SOURCES)}")
    if len(classes) < 2 or len({slug(label).casefold() for label in classes}) < len(classes):
        raise ConfigError(
            f"`classes` needs two or more names that differ in their letters, digits, `_` or `-`; "
            f"found {list(classes)}"
        )
    cohorts = SOURCES[source](Request(options, classes, seed, made or {}))
    cohorts = {name: cohorts[name] for name in COHORTS}
    cohorts["external"] = cohorts["external"].unlabelled()
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


def split(cohort: Cohort, fractions: Mapping[str, float], seed: int) -> dict[str, Cohort]:
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
    counts = pd.crosstab(member, _labels(cohort).to_numpy()).to_numpy()
    rng = stream(seed, "split", *fractions)
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


def _labels(cohort: Cohort) -> pd.Series:
    if cohort.classes is None:
        raise ConfigError(f"{cohort.place} has no classes; name its `class_column`")
    return cohort.classes


def _cohort(
    X: np.ndarray,
    classes: np.ndarray,
    ids: Sequence[str],
    columns: Sequence[str],
    name: str,
    origin: str,
) -> Cohort:
    index = pd.Index(ids, name=SAMPLE, dtype=str)
    features = pd.DataFrame(X, index=index, columns=pd.Index(columns, dtype=str))
    return Cohort(features, pd.Series(classes, index=index, name="class", dtype=str), name, origin)
