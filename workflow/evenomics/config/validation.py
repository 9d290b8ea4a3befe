"""The configuration: defaults from its schema, and all its problems in one message.

The schema is in the folder ``schema``. Its keyword ``registry`` stands for all names of a kind
(arms, sources, engines, ...), which are in ``names.yaml``.
"""

import copy
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from evenomics.config.messages import described, key_path, shown
from evenomics.config.names import names
from evenomics.config.paths import table_paths
from evenomics.config.problems import (
    cost_problems,
    gan_problems,
    not_finite,
    study_problems,
    texts_of,
)
from evenomics.config.schemas import read_schema
from evenomics.errors import ConfigError
from evenomics.messages import some

logger = logging.getLogger(__name__)


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
    problems = [*problems, *(line for error in errors for line in described(error))]
    problems += [
        f"{key_path(path)}: found {shown(text)}; may not hold `</` or `<!--`, which the report, a "
        "page of HTML with scripts, would take for its own"
        for path, text in texts_of(filled)
        if "</" in text or "<!--" in text
    ]
    problems += [
        f"{key_path(path)}: found {value}; has to be a finite number"
        for path, value in not_finite(filled)
        if path not in mistyped
    ]
    # What belongs together is looked at where the single values are in order.
    broken = {
        tuple(error.path)[: 1 + (error.path[0] == "studies")] for error in errors if error.path
    }
    if ("gan",) not in broken:
        problems += gan_problems(filled["gan"])
        problems += cost_problems(filled["gan"])
    for name in schema["properties"]["studies"].get("properties", {}):
        if ("studies", name) not in broken:
            problems += study_problems(filled["studies"][name], f"studies.{name}")
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
        if source in list(names("sources")):
            named[name]["properties"]["cohorts"] = copy.deepcopy(
                read_schema(f"sources/{source}.schema.yaml")
            )
    if named:
        del studies["patternProperties"]
        studies |= {"properties": named, "name_pattern": pattern}
    return schema


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
