"""Where the cohorts of a study come from.

A new source is a function of `Request` that returns the three cohorts, and a line in `SOURCES`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

from evenomics.cohort import SAMPLE, Cohort, check_classes, check_together, slug
from evenomics.errors import CohortError, ConfigError
from evenomics.randomness import stream
from evenomics.simulate import Engine
from evenomics.tables import nearest
from evenomics.user_table import read_table

logger = logging.getLogger(__name__)

COHORTS = ("real", "external", "validation")
DATASETS = {"breast_cancer": load_breast_cancer, "wine": load_wine}
_FRACTIONS = {"real": 0.5, "external": 0.2, "validation": 0.3}


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
    """

    options: Mapping[str, Any]
    classes: Sequence[str]
    seed: int


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
    parts = split(whole, request.options.get("fractions", _FRACTIONS), request.seed)
    for part in ("real", "validation"):
        named = _labels(parts[part]).isin(list(request.classes))
        parts[part] = parts[part].take(np.flatnonzero(named))
    return parts


def table(request: Request) -> dict[str, Cohort]:
    """Read the user's tables: one for each cohort, or one that is split.

    Without a table of its own, the external cohort is the real one without its classes.
    """
    cohorts = _split_table(request) if request.options.get("table") else _read_tables(request)
    if "external" not in cohorts:
        logger.info("no external samples: the real ones serve for pre-training, without classes")
        cohorts["external"] = replace(cohorts["real"], name="external")
    return cohorts


def _split_table(request: Request) -> dict[str, Cohort]:
    spec, how = dict(request.options["table"]), dict(request.options.get("split") or {})
    spec["group_column"] = how.pop("by", None) or spec.get("group_column")
    whole = read_table(**spec, name="table")
    check_classes(whole, request.classes)
    fractions = {**_FRACTIONS, **how}
    return split(whole, {name: share for name, share in fractions.items() if share}, request.seed)


def _read_tables(request: Request) -> dict[str, Cohort]:
    specs = {name: request.options[name] for name in COHORTS if request.options.get(name)}
    problems = [
        f"no table for the {name} cohort; give `{name}: {{path: ...}}`, or one `table` to split"
        for name in ("real", "validation")
        if name not in specs
    ]
    if problems:
        raise ConfigError("the study's `cohorts` are not complete:", problems)
    cohorts, faults = {}, []
    for name, spec in specs.items():
        try:
            cohorts[name] = read_table(**spec, name=name)
        except CohortError as error:  # the faults of all tables are reported together
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise CohortError("tables cannot be read:", map(str, faults))
    return cohorts


SOURCES: dict[str, Source] = {"builtin": builtin, "sklearn": embedded, "table": table}


def load_study(options: Mapping[str, Any], classes: Sequence[str], seed: int) -> dict[str, Cohort]:
    """Return the three cohorts of a study, checked.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config; ``source`` is a key of `SOURCES`.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.

    Returns
    -------
    dict of str to Cohort
        ``real``, ``external`` and ``validation``, with the features that they came with (see
        `evenomics.cohort.align`). The external one has no classes: nothing may use them.

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
    cohorts = SOURCES[source](Request(options, classes, seed))
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
