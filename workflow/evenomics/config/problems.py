"""Problems of a config that its schema cannot find: values that do not fit together."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from evenomics.config.cohorts import given_cohorts
from evenomics.config.experiments import Experiment, experiment_grid
from evenomics.config.messages import key_path, shown
from evenomics.config.names import COHORTS, names
from evenomics.config.paths import gene_set_paths, table_paths
from evenomics.messages import nearest, slug

#: Path of a key: names of sections, numbers of items of lists.
KeyPath = tuple[str | int, ...]

# Most memory and time of one training run. They are compared with the least that it can take.
_MOST_BYTES, _MOST_SECONDS = 100e9, 365 * 24 * 3600


def accession_problem(accession: str, *kinds: str) -> str:
    """Say what is wrong with an accession of one of these kinds (GSE, ...); empty if nothing is."""
    if re.fullmatch(rf"({'|'.join(kinds)})[1-9]\d*", accession):
        return ""
    return f"found {accession!r}; has to be {' or '.join(kinds)} and a number"


def value_problems(config: Mapping[str, Any], mistyped: Collection[KeyPath] = ()) -> Iterator[str]:
    """Find texts and numbers that no key may have.

    Parameters
    ----------
    config : mapping
        With its defaults.
    mistyped : collection of tuple
        Paths of values of the wrong type, which are reported already.

    Yields
    ------
    str
        One line per problem; so it is with all functions of this module.
    """
    values = list(_values(config))
    for path, value in values:
        if isinstance(value, str) and ("</" in value or "<!--" in value):
            yield (
                f"{key_path(path)}: found {shown(value)}; may not hold `</` or `<!--`, which would "
                "break the HTML of the report"
            )
    # NaN and infinity pass every limit of a schema
    for path, value in values:
        if isinstance(value, float) and not math.isfinite(value) and path not in mistyped:
            yield f"{key_path(path)}: found {value}; has to be a finite number"


def _values(part: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Go through all values of a config, and the names of its keys, each with its path."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield path, key
            yield from _values(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _values(value, (*path, index))
    else:
        yield path, part


def _cost_problems(gan: Mapping[str, Any]) -> Iterator[str]:
    """Find training runs that no machine can do, by the cost model of ``docs/costs.md``.

    The number of features is not known yet. One is counted, and one update per epoch, so every
    estimate is far below the true cost.
    """
    hidden = gan["networks"]["hidden"]
    limits = f"a training run may take at most {_MOST_BYTES / 1e9:g} GB and a year on one core"
    widths = [1, *hidden, 1]
    # weights and biases of the generator, and of the critic with the same layers in reverse order
    n_parameters = sum(2 * n_in * n_out + n_in + n_out for n_in, n_out in pairwise(widths))
    if (needed := 36 * n_parameters) > _MOST_BYTES:
        yield (
            f"gan.networks.hidden: found {hidden}; these layers have {n_parameters:,} parameters "
            f"and need {needed / 1e9:,.0f} GB; {limits}"
        )
    phases = {
        "gan.pretraining.epochs": sum(gan["pretraining"]["epochs"]),
        "gan.retraining.epochs_1": gan["retraining"]["epochs_1"],
        "gan.retraining.epochs_2": gan["retraining"]["epochs_2"],
    }
    for key, epochs in phases.items():
        # two losses of 8 bytes; a third of a cycle at 0.5 ns x P x (1 + 5)
        needed, seconds = 16 * epochs, 1e-9 * n_parameters * epochs
        if needed > _MOST_BYTES or seconds > _MOST_SECONDS:
            yield (
                f"{key}: found {epochs:,} epochs; these take {seconds / 86400:,.0f} days on one "
                f"core or more, and their curves {needed / 1e9:,.0f} GB; {limits}"
            )


def gan_problems(gan: Mapping[str, Any]) -> Iterator[str]:
    """Find what does not fit together in the section ``gan``, or cannot be trained.

    Parameters
    ----------
    gan : mapping
        The section, every key valid by itself.
    """
    hidden = gan["networks"]["hidden"]
    for key in ("epochs", "critic_updates", "dropout"):
        values = gan["pretraining"][key]
        if len(values) != len(hidden):
            yield (
                f"gan.pretraining.{key}: found {len(values)} values; has to have one for each of "
                f"the {len(hidden)} hidden layers (gan.networks.hidden)"
            )
    choice = gan["choice"]
    if choice["cut_below"] >= choice["cut_above"]:
        yield (
            f"gan.choice.cut_below: found {choice['cut_below']:g}; has to be below cut_above, "
            f"{choice['cut_above']:g}"
        )
    yield from _cost_problems(gan)


def study_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find what does not fit together in a study.

    Parameters
    ----------
    study : mapping
        Its section, every key valid by itself.
    place : str
        Path of the section, e.g. ``studies.liver``.
    """
    classes, cohorts = study["classes"], study["cohorts"]
    slugs = [slug(label).casefold() for label in classes]
    if len(set(slugs)) < len(slugs):
        yield (
            f"{place}.classes: found {classes}; names are part of file names and have to differ in "
            "their letters, digits, `_` or `-`"
        )
    grid = experiment_grid(study["experiments"])
    if not grid:
        yield (
            f"{place}.experiments: no experiment; set `whole: true`, or give values for both "
            "`controls` and `imbalance`"
        )
    for experiment in grid:
        if experiment.cases is not None and experiment.cases < 2:
            yield (
                f"{place}.experiments: {experiment.controls} controls at imbalance "
                f"{experiment.imbalance:g} make {experiment.cases} cases; at least 2 are needed"
            )
    by_source = {
        "builtin": _builtin_problems,
        "sklearn": _sklearn_problems,
        "table": _table_problems,
        "geo": _geo_problems,
        "rdata": _rdata_problems,
        "umpire": _builtin_problems,
    }
    if cohorts["source"] in by_source:
        yield from by_source[cohorts["source"]](study, grid, place)
    yield from _enrichment_problems(study, place)


def _builtin_problems(
    study: Mapping[str, Any], grid: list[Experiment], place: str
) -> Iterator[str]:
    classes, n_real = study["classes"], study["cohorts"]["n_real"]
    asked = [sum(experiment.counts(classes).values()) for experiment in grid]
    disjoint = study["experiments"]["disjoint"]
    if asked and (needed := sum(asked) if disjoint else max(asked)) > n_real:
        which = "all experiments together" if disjoint else "the largest experiment"
        yield f"{place}.cohorts.n_real: found {n_real}; has to be >= {needed} for {which}"


def _sklearn_problems(
    study: Mapping[str, Any], grid: list[Experiment], place: str
) -> Iterator[str]:
    cohorts = study["cohorts"]
    yield from _not_one(cohorts["fractions"], f"{place}.cohorts.fractions")
    known = names("datasets")[cohorts["dataset"]]["classes"]
    for label in study["classes"]:
        if label not in known:
            yield (
                f"{place}.classes: {label!r} is no class of {cohorts['dataset']}; allowed: "
                f"{', '.join(known)}"
            )


def _table_problems(study: Mapping[str, Any], grid: list[Experiment], place: str) -> Iterator[str]:
    cohorts, place = study["cohorts"], f"{place}.cohorts"
    given = given_cohorts(cohorts)
    if "table" in given and len(given) > 1:
        names = " and ".join(f"`{name}`" for name in given if name != "table")
        yield f"{place}: give either one `table` or {names}, not both"
    elif "table" not in given:
        for name in ("real", "validation"):
            if name not in given:
                yield f"{place}.{name}: missing; give `{name}: {{...}}`, or one `table` to split"
        if "split" in cohorts:
            yield f"{place}.split: there is no `table` to split"
    if "split" in cohorts:
        shares = {name: cohorts["split"][name] for name in COHORTS}
        yield from _not_one(shares, f"{place}.split")
    yield from _path_problems(table_paths(cohorts), place)


def _geo_problems(study: Mapping[str, Any], grid: list[Experiment], place: str) -> Iterator[str]:
    yield from _table_problems(study, grid, place)
    for name, spec in given_cohorts(study["cohorts"]).items():
        here = f"{place}.cohorts.{name}"
        if not spec["accession"] and not spec["file"]:
            yield f"{here}: needs an `accession` to download, or a `file`"
        for key, kinds in (("accession", ("GSE", "GDS")), ("platform", ("GPL",))):
            if spec[key] and (problem := accession_problem(spec[key], *kinds)):
                yield f"{here}.{key}: {problem}"
        if bool(spec["classes"]) != bool(spec["class_column"]):
            yield f"{here}: `classes` and `class_column` belong together; give both"
        for pattern in _patterns(spec):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"{here}: {pattern!r} is no regular expression ({error})"
        for label in spec["classes"]:
            if name != "external" and label not in study["classes"]:
                near = nearest(label, study["classes"])
                yield f"{here}.classes: {label!r} is no class of the study; {near}"
        for label in study["classes"]:
            if name != "external" and label not in spec["classes"]:
                yield f"{here}.classes: no pattern for the class {label!r} of the study"


def _rdata_problems(study: Mapping[str, Any], grid: list[Experiment], place: str) -> Iterator[str]:
    yield from _table_problems(study, grid, place)
    for name, spec in given_cohorts(study["cohorts"]).items():
        if bool(spec["path"]) == bool(spec["package"]):
            yield (
                f"{place}.cohorts.{name}: give either the `path` of an R data file, or the "
                "`package` whose data set it is"
            )


def _patterns(spec: Mapping[str, Any]) -> list[str]:
    """Return the regular expressions of a GEO cohort."""
    given = [*spec["classes"].values(), *spec["where"].values()]
    return [p for value in given for p in (value if isinstance(value, list) else [value])]


def _enrichment_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    enrichment, place = study["enrichment"], f"{place}.enrichment"
    if enrichment["source"] != "none" and study["selections"] == ["none"]:
        yield f"{place}: gene sets are tested for selected genes; add e.g. `deg` to `selections`"
    if enrichment["min_size"] > enrichment["max_size"]:
        yield (
            f"{place}.min_size: found {enrichment['min_size']}; has to be at most max_size, "
            f"{enrichment['max_size']}"
        )
    if enrichment["source"] == "local":
        yield from _path_problems(gene_set_paths(enrichment), f"{place}.gene_sets")


def _path_problems(paths: Iterable[str], place: str) -> Iterator[str]:
    for path in paths:
        if {"{", "}"} & set(path):
            yield (
                f"{place}: {path!r}: Snakemake takes braces in a path for wildcards; rename the "
                "file or its folder"
            )
        elif not Path(path).is_file():
            what = "a folder" if Path(path).is_dir() else "no such file"
            yield f"{place}: {path!r}: {what} (paths start from {Path.cwd()})"


def _not_one(shares: Mapping[str, float], place: str) -> Iterator[str]:
    if not math.isclose(total := sum(shares.values()), 1.0, abs_tol=1e-9):
        parts = " + ".join(f"{name} {share:g}" for name, share in shares.items())
        yield f"{place}: found {parts} = {total:g}; has to add up to 1"
