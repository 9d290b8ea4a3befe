"""The configuration: defaults from its schema, and all its problems in one message.

The schema is part of the package, in ``schemas``. Names that the library knows (arms,
sources, engines, ...) are not repeated there: the keyword ``registry`` stands for them, so that a
new arm or source is allowed in a config as soon as it is registered.
"""

import copy
import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from evenomics.arms import ARMS
from evenomics.classifiers import CLASSIFIERS
from evenomics.cohort import COHORTS, slug
from evenomics.errors import ConfigError
from evenomics.experiment import Experiment, experiment_grid
from evenomics.gan.engine import ENGINES
from evenomics.gan.networks import critic_architecture, generator_architecture
from evenomics.geo import accession_problem
from evenomics.harmonise import METHODS
from evenomics.metrics import METRICS
from evenomics.selection import SELECTIONS
from evenomics.sources import DATASETS, SOURCES, given_cohorts
from evenomics.tables import nearest, some

logger = logging.getLogger(__name__)

SCHEMAS = Path(__file__).parent / "schemas"
SHIPPED_GENE_SETS = {"reactome": Path(__file__).parent / "gene_sets/reactome.gmt"}
REGISTRIES: dict[str, Iterable[str]] = {
    "arms": ARMS,
    "classifiers": CLASSIFIERS,
    "datasets": DATASETS,
    "engines": ["auto", *ENGINES],
    # what reports call better is larger
    "metrics": [name for name, metric in METRICS.items() if metric.larger_is_better],
    "selections": SELECTIONS,
    "harmonisations": ["none", *METHODS, "combat"],
    "sources": SOURCES,
}
_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a section with keys",
    "string": "text",
}
_LIMITS = {
    "minimum": ">= {}",
    "maximum": "<= {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minItems": "at least {} values",
    "maxItems": "at most {} values",
    "minLength": "not empty",
    "maxLength": "at most {} characters",
    "minProperties": "not empty",
}
# Numbers that YAML takes for text because they lack the point: 1e-4.
_POINTLESS = re.compile(r"[-+]?\d+[eE][-+]?\d+")
# What a single run of a GAN may take at most, by the least that it can take: more than any machine
# has for it.
_MOST_BYTES, _MOST_SECONDS = 100e9, 365 * 24 * 3600


def validated(config: Mapping[str, Any], problems: Iterable[str] = ()) -> dict[str, Any]:
    """Return the config with every default filled in.

    Parameters
    ----------
    config : mapping
        What the user wrote; it stays as it is.
    problems : iterable of str
        What was found beside it, e.g. in its files, to be told in the same message.

    Returns
    -------
    dict

    Raises
    ------
    ConfigError
        With all problems: key, value found, what is allowed, and the nearest valid name.
    """
    config = _without_missing(config)
    schema = schema_for(config)
    filled = _filled(config, schema)
    errors = sorted(
        Draft202012Validator(schema).iter_errors(filled),
        key=lambda error: list(map(str, error.path)),
    )
    mistyped = {tuple(error.path) for error in errors if error.validator == "type"}
    errors = [e for e in errors if e.validator == "type" or tuple(e.path) not in mistyped]
    problems = [*problems, *(line for error in errors for line in _described(error))]
    problems += [
        f"{_place(path)}: found {_shown(text)}; may not hold `</` or `<!--`, which the report, a "
        "page of HTML with scripts, would take for its own"
        for path, text in _texts(filled)
        if "</" in text or "<!--" in text
    ]
    problems += [
        f"{_place(path)}: found {value}; has to be a finite number"
        for path, value in _not_finite(filled)
        if path not in mistyped
    ]
    # What belongs together is looked at where the single values are in order.
    broken = {
        tuple(error.path)[: 1 + (error.path[0] == "studies")] for error in errors if error.path
    }
    if ("gan",) not in broken:
        problems += _gan_problems(filled["gan"])
        problems += _cost_problems(filled["gan"])
    for name in schema["properties"]["studies"].get("properties", {}):
        if ("studies", name) not in broken:
            problems += _study_problems(filled["studies"][name], f"studies.{name}")
    if problems:
        raise ConfigError("the config has problems:", problems)
    return filled


def _without_missing(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config without the optional studies whose tables are not in place."""
    studies = config.get("studies")
    if not isinstance(studies, Mapping):
        return config
    kept = {}
    for name, study in studies.items():
        optional = isinstance(study, Mapping) and study.get("optional") is True
        cohorts = study.get("cohorts") if optional else None
        paths = table_paths(cohorts) if isinstance(cohorts, Mapping) else []
        if missing := [path for path in paths if not Path(path).is_file()]:
            logger.warning("study %s is left out: there is no %s", name, some(missing))
        else:
            kept[name] = study
    if studies and not kept:
        raise ConfigError("every study is optional, and tables of all of them are missing")
    return {**config, "studies": kept}


def schema_for(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a config: each study with the schema of its source of cohorts.

    Parameters
    ----------
    config : mapping
        The config; of it only ``studies.<name>.cohorts.source`` matters here.

    Returns
    -------
    dict
        JSON schema without references, registered names included.
    """
    schema = copy.deepcopy(read_schema("config.schema.yaml"))
    studies = schema["properties"]["studies"]
    ((pattern, study),) = studies["patternProperties"].items()
    found = config.get("studies")
    named = {}
    for name, options in found.items() if isinstance(found, Mapping) else ():
        if not re.search(pattern, str(name)):
            continue
        named[name] = copy.deepcopy(study)
        cohorts = options.get("cohorts") if isinstance(options, Mapping) else None
        source = cohorts.get("source") if isinstance(cohorts, Mapping) else None
        if source in list(SOURCES):
            named[name]["properties"]["cohorts"] = copy.deepcopy(
                read_schema(f"sources/{source}.schema.yaml")
            )
    if named:
        del studies["patternProperties"]
        studies |= {"properties": named, "name_pattern": pattern}
    return schema


def table_paths(cohorts: Mapping[str, Any]) -> list[str]:
    """Return the files that the section ``cohorts`` of a study names."""
    keys = ("path", "classes_path", "file", "platform_file")
    given = (spec.get(key) for spec in given_cohorts(cohorts).values() for key in keys)
    return [path for path in given if path and isinstance(path, str)]


def gene_set_paths(enrichment: Mapping[str, Any]) -> list[str]:
    """Return the GMT files that the section ``enrichment`` of a study names."""
    return [str(SHIPPED_GENE_SETS.get(name, name)) for name in enrichment["gene_sets"]]


@cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a schema by its file name, registered names included; it must not be changed."""
    schema: dict[str, Any] = yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))
    _name_registered(schema)
    return schema


def _name_registered(schema: Any) -> None:
    """Put the names of its registry into every part of a schema that asks for one."""
    if isinstance(schema, dict):
        if isinstance(schema.get("registry"), str):
            schema["enum"] = list(REGISTRIES[schema["registry"]])
        for part in schema.values():
            _name_registered(part)


def _filled(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a copy with the defaults of the schema where a key is missing; all keys are text."""
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    parts = schema.get("properties", {})
    given = {str(key): part for key, part in value.items()}
    defaults = {
        key: part["default"]
        for key, part in parts.items()
        if "default" in part and key not in given
    }
    return {key: _filled(part, parts.get(key, {})) for key, part in {**given, **defaults}.items()}


def _place(path: Iterable[str | int]) -> str:
    """Return a path as one reads it: ``alphas[0][1]``, ``gan.choice.curve``."""
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return place.removeprefix(".")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _described(error: ValidationError) -> Iterator[str]:
    """Say what is wrong, what was found and what is allowed."""
    place, rule = _place(error.path), error.validator
    found: Any = error.instance
    limit: Any = error.validator_value
    schema: Any = error.schema
    if rule == "additionalProperties":
        yield from _unknown_keys(found, schema, place)
    elif rule == "required":
        # jsonschema gives one error per missing key, which it names in its message only
        key = re.match(r"'(.+)' is a required", error.message)
        assert key
        part = schema["properties"][key[1]]
        yield f"{_place([*error.path, key[1]])}: missing; {_first_sentence(part)}"
    elif rule == "enum":
        allowed = ", ".join(map(in_yaml, limit))
        near = nearest(str(found), filter(None, limit))
        hint = f"; {near}" if near.startswith("did") else ""
        yield f"{place}: found {_shown(found)}; allowed: {allowed}{hint}"
    elif rule == "type":
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        wanted += _advice(found, kinds)
        yield f"{place or 'the config'}: found {_shown(found)}; has to be {wanted}"
    elif rule == "uniqueItems":
        twice = [item for i, item in enumerate(found) if item in found[:i]]
        yield f"{place}: {', '.join(map(_shown, twice))} stands there more than once"
    else:
        allowed = _LIMITS[str(rule)].format(limit)
        unit = schema.get("unit", "none")
        yield f"{place}: found {_shown(found)}; has to be {allowed}" + (
            f" (unit: {unit})" if unit != "none" else ""
        )


def _unknown_keys(found: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    known = schema.get("properties", {})
    pattern = schema.get("name_pattern") or next(iter(schema.get("patternProperties", {})), None)
    for key in found:
        if key in known:
            continue
        where = f"{place}.{key}" if place else str(key)
        if pattern:
            if not re.search(pattern, str(key)):
                yield (
                    f"{_shortened(where)}: not a name for a study; names are made of at most 50 "
                    "lower-case letters, digits and _, start with a letter, and do not end in 20 "
                    "times the same"
                )
        else:
            yield f"{where}: no such key; {nearest(str(key), known)}"


def in_yaml(name: str | None) -> str:
    """Return a name, or none, as one writes it in the config."""
    return "null" if name is None else name


def _first_sentence(part: Mapping[str, Any]) -> str:
    text: str = part["description"]
    return text.partition(". ")[0].rstrip(".")


def _advice(found: Any, kinds: list[str]) -> str:
    number = "number" in kinds or "integer" in kinds
    if number and isinstance(found, str) and _POINTLESS.fullmatch(found):
        mantissa, exponent = re.split("[eE]", found)
        return f"; YAML takes {found} for text, write {mantissa}.0e{int(exponent):+d}"
    if "string" in kinds and isinstance(found, bool | int | float):
        return "; put it in quotes"
    return ""


def _not_finite(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], float]]:
    """Find NaN and infinity, which pass every limit of a schema."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path, value
    elif isinstance(value, Mapping | list):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            yield from _not_finite(part, (*path, key))


def _texts(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find all texts, names of keys among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            if isinstance(key, str):
                yield path, key
            yield from _texts(part, (*path, key))


def _cost_problems(gan: Mapping[str, Any]) -> Iterator[str]:
    """Find trainings that no machine can do, by the cost model of ``docs/costs.md``.

    How many features there are is not known yet: one is counted, and one update in an epoch. Every
    estimate is far below what the training would take.
    """
    hidden = gan["networks"]["hidden"]
    limits = f"at most {_MOST_BYTES / 1e9:g} GB and a year on one core are allowed for a run"
    networks = generator_architecture(1, hidden), critic_architecture(1, hidden)
    n = sum(network.n_parameters for network in networks)
    if (needed := 36 * n) > _MOST_BYTES:
        yield (
            f"gan.networks.hidden: found {hidden}; these layers have {n:,} parameters and need "
            f"{needed / 1e9:,.0f} GB; {limits}"
        )
    phases = {
        "gan.pretraining.epochs": sum(gan["pretraining"]["epochs"]),
        "gan.retraining.epochs_1": gan["retraining"]["epochs_1"],
        "gan.retraining.epochs_2": gan["retraining"]["epochs_2"],
    }
    for key, epochs in phases.items():
        # two losses of 8 bytes; a third of a cycle at 0.5 ns x P x (1 + 5)
        needed, seconds = 16 * epochs, 1e-9 * n * epochs
        if needed > _MOST_BYTES or seconds > _MOST_SECONDS:
            yield (
                f"{key}: found {epochs:,} epochs; these take {seconds / 86400:,.0f} days on one "
                f"core or more, and their curves {needed / 1e9:,.0f} GB; {limits}"
            )


def _gan_problems(gan: Mapping[str, Any]) -> Iterator[str]:
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


def _study_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    classes, cohorts = study["classes"], study["cohorts"]
    slugs = [slug(label).casefold() for label in classes]
    if len(set(slugs)) < len(slugs):
        yield (
            f"{place}.classes: found {classes}; the names have to differ in their letters, digits, "
            "`_` or `-`, because they are part of file names"
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
    known = [str(name) for name in DATASETS[cohorts["dataset"]]().target_names]
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
        yield f"{place}: there are no selected genes to look at; add e.g. `deg` to `selections`"
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
