"""The config with its defaults, or all its problems in one message."""

import copy
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from evenomics.config.arms import named_arms
from evenomics.config.messages import described
from evenomics.config.paths import table_paths
from evenomics.config.problems import method_problems, study_problems, value_problems
from evenomics.config.replicates import replicate_problems
from evenomics.config.schemas import schema_for
from evenomics.config.settings import METHOD, method_settings
from evenomics.errors import ConfigError
from evenomics.messages import some

logger = logging.getLogger(__name__)


def validated(config: Mapping[str, Any], problems: Iterable[str] = ()) -> dict[str, Any]:
    """Return the config with every default filled in.

    Parameters
    ----------
    config : mapping
        What the user wrote; it is not changed.
    problems : iterable of str
        Problems that were found elsewhere, e.g. in the files of the config, to be reported in the
        same message.

    Returns
    -------
    dict
        Without the optional studies whose tables are missing. Every study has all settings of its
        method (`evenomics.config.settings`), and no others are left beside the studies. ``arms``
        has names only; ``samplers`` has the samplers of other libraries by the names of their
        arms.

    Raises
    ------
    ConfigError
        With all problems: key, value found, what is allowed, and the nearest valid name.
    """
    config = _without_missing(config)
    schema = schema_for(config)
    filled = _with_defaults(config, schema)
    errors = sorted(
        Draft202012Validator(schema).iter_errors(filled),
        key=lambda error: list(map(str, error.path)),
    )
    # a value of another type can break further rules of its key, which are not reported
    mistyped = {tuple(error.path) for error in errors if error.validator == "type"}
    errors = [e for e in errors if e.validator == "type" or tuple(e.path) not in mistyped]
    problems = [*problems, *(line for error in errors for line in described(error))]
    problems += value_problems(filled, mistyped)
    # keys that belong together are compared where each of them is valid
    broken = {
        tuple(error.path)[: 1 + (error.path[0] == "studies")] for error in errors if error.path
    }
    names = schema["properties"]["studies"].get("properties", {})
    sound = [name for name in names if ("studies", name) not in broken]
    settings_are_sound = not broken & {(key,) for key in (*METHOD, "protocol")}
    if settings_are_sound:
        problems += method_problems(_method(config, {}, schema))
    for name in sound:
        given, study, place = config["studies"][name], filled["studies"][name], f"studies.{name}"
        # of its own only: those of all studies do no harm to one that cannot have them
        problems += replicate_problems(study, place)
        settings = _method(config if settings_are_sound else {}, given, schema)
        if not given.keys().isdisjoint((*METHOD, "protocol")):
            problems += method_problems(settings, f"{place}.")
        arms, samplers = named_arms(settings["arms"])
        study |= settings | {"arms": arms, "samplers": samplers}
        problems += study_problems(study, place)
    if problems:
        raise ConfigError("the config has problems:", dict.fromkeys(problems))
    return {key: part for key, part in filled.items() if key not in METHOD}


def _without_missing(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config without the optional studies whose tables are missing."""
    studies = config.get("studies")
    if not isinstance(studies, Mapping):
        return config
    kept = {}
    for name, study in studies.items():
        optional = isinstance(study, Mapping) and study.get("optional") is True
        paths = table_paths(study) if optional else []
        if missing := [path for path in paths if not Path(path).is_file()]:
            logger.warning("study %s is left out: there is no %s", name, some(missing))
        else:
            kept[name] = study
    if studies and not kept:
        raise ConfigError("every study is optional, and tables of all of them are missing")
    return {**config, "studies": kept}


def _method(
    config: Mapping[str, Any], study: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of the method for a study, complete."""
    parts = {key: schema["properties"][key] for key in METHOD}
    settings: dict[str, Any] = _with_defaults(method_settings(config, study), {"properties": parts})
    return settings


def _with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a copy with the defaults of missing keys, at every depth; all keys are text."""
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    parts = schema.get("properties", {})
    given = {str(key): part for key, part in value.items()}
    defaults = {
        key: part["default"]
        for key, part in parts.items()
        if "default" in part and key not in given
    }
    filled = {**given, **defaults}
    return {key: _with_defaults(part, parts.get(key, {})) for key, part in filled.items()}
