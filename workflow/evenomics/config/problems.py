"""Problems of a config that its schema cannot find: values that do not fit together.

Those of a source's own options are in `evenomics.config.sources`, and what takes too long, or too
much memory or disk, in `evenomics.config.estimate`.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.arms import AUTO, Samplers, named_arms
from evenomics.config.experiments import Experiment, experiment_grid
from evenomics.config.messages import key_path, shown
from evenomics.config.names import COHORTS, names
from evenomics.config.paths import gene_set_paths, path_problems
from evenomics.config.source import SOURCE_PROBLEMS
from evenomics.messages import repeats, slug, some

# Part of file names, as those of studies are.
_ARM_NAME = re.compile("[a-z][a-z0-9_]{0,49}")
_GIVEN_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.]{0,49}")
_CLASS_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")

#: Path of a key: names of sections, numbers of items of lists.
KeyPath = tuple[str | int, ...]


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


def method_problems(settings: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Find what does not fit together in the settings of the method.

    Parameters
    ----------
    settings : mapping
        Complete (see `evenomics.config.settings`), every key valid by itself.
    place : str
        Where they are from, before the keys, e.g. ``studies.liver.``; empty for all studies.
    """
    yield from _gan_problems(settings["gan"], f"{place}gan")
    yield from _arm_problems(settings["arms"], f"{place}arms")
    yield from _scoring_problems(settings["scoring"], f"{place}scoring")


def _gan_problems(gan: Mapping[str, Any], place: str) -> Iterator[str]:
    hidden = gan["networks"]["hidden"]
    for key in ("epochs", "critic_updates", "dropout"):
        values = gan["pretraining"][key]
        if len(values) != len(hidden):
            yield (
                f"{place}.pretraining.{key}: found {len(values)} values; has to have one for each "
                f"of the {len(hidden)} hidden layers ({place}.networks.hidden)"
            )
    choice = gan["choice"]
    if choice["cut_below"] >= choice["cut_above"]:
        yield (
            f"{place}.choice.cut_below: found {choice['cut_below']:g}; has to be below cut_above, "
            f"{choice['cut_above']:g}"
        )
    retraining, every = gan["retraining"], choice["curve_every"]
    if choice["eval_every"] % every:
        yield (
            f"{place}.choice.eval_every: found {choice['eval_every']}; has to be a multiple of "
            f"curve_every, {every}"
        )
    for key in ("epochs_1", "epochs_2"):
        if every > retraining[key]:
            yield (
                f"{place}.choice.curve_every: found {every}; has to be at most "
                f"{place}.retraining.{key}, {retraining[key]}"
            )
    final = retraining["final_epochs"]
    if final is not None and final <= retraining["epochs_1"]:
        yield (
            f"{place}.retraining.final_epochs: found {final}; has to be above epochs_1, "
            f"{retraining['epochs_1']}, or null"
        )


def _scoring_problems(scoring: Mapping[str, Any], place: str) -> Iterator[str]:
    if path := scoring["hyper_parameters"]:
        yield from path_problems([path], f"{place}.hyper_parameters")


def _arm_problems(arms: Sequence[str | Samplers], section: str) -> Iterator[str]:
    listed, samplers = named_arms(arms)
    for name in repeats(listed):
        yield f"{section}: {shown(name)} is the name of more than one arm"
    for name, sampler in samplers.items():
        place = f"{section}.{name}"
        if name in names("arms"):
            yield f"{place}: there is an arm of this name already; take another one"
        if not _ARM_NAME.fullmatch(name):
            yield (
                f"{place}: not a name for an arm; a name has at most 50 lower-case letters, digits "
                "and _, and starts with a letter"
            )
        if not _CLASS_PATH.fullmatch(sampler["class"]):
            yield (
                f"{place}.class: found {shown(sampler['class'])}; has to be the import path of a "
                "class, e.g. imblearn.combine.SMOTETomek"
            )
        if "random_state" in sampler["parameters"]:
            yield f"{place}.parameters.random_state: follows from the `seed` of the config; drop it"
    if listed == [AUTO]:
        yield (
            f"{section}: `auto` takes the best of the other arms; there has to be one, e.g. `none`"
        )


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
            "`controls` and `imbalance`, or draws (`given`)"
        )
    for experiment in grid:
        if experiment.cases is not None and experiment.cases < 2:
            yield (
                f"{place}.experiments: {experiment.controls} controls at imbalance "
                f"{experiment.imbalance:g} make {experiment.cases} cases; at least 2 are needed"
            )
    yield from _given_problems(study, place)
    if find := SOURCE_PROBLEMS.get(cohorts["source"]):
        yield from find(study, grid, place)
    yield from _enrichment_problems(study, place)


def _given_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    options, cohorts = study["experiments"], study["cohorts"]
    given, place = [*options["given"]], f"{place}.experiments.given"
    if not given:
        return
    drawn = {experiment.name for experiment in experiment_grid({**options, "given": {}})}
    if both := [name for name in given if name in drawn | {Experiment().name}]:
        yield (
            f"{place}: there are other experiments called {some(both)}; rename these, or set "
            "`controls: []` to have only those that are given"
        )
    for name in repeats(name.casefold() for name in given):
        yield f"{place}: {shown(name)} is the name of more than one draw, for some file systems"
    for name in given:
        if not _GIVEN_NAME.fullmatch(name):
            yield (
                f"{place}: {shown(name)} is no name for a draw; a name has at most 50 letters, "
                "digits, `_` and `.`, and starts with a letter or a digit"
            )
        elif name.startswith((*COHORTS, "table")):  # samples may be named by draw, or by cohort
            yield f"{place}: {shown(name)} starts with the name of a cohort; rename the draw"
    if cohorts["source"] != "table":
        yield f"{place}: draws are given for `source: table` only, found {cohorts['source']}"
    elif cohorts.get("table"):
        yield f"{place}: one `table` is split, but draws are of one real cohort; give `real`"
    if options["disjoint"]:
        yield f"{place}: draws are taken as they are, disjoint or not; leave `disjoint` out"


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
        yield from path_problems(gene_set_paths(enrichment), f"{place}.gene_sets")
