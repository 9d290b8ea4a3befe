"""The schemas of the config: as they are in their files, and put together for one config.

Beside those of JSON schema they have the keywords ``registry`` (all names of a kind, which are in
``names.yaml``), ``unit`` (for the reader) and ``renamed`` (new names of old keys, by these).
"""

import copy
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from evenomics.config.names import SCHEMAS, names
from evenomics.config.settings import METHOD


@cache
def read_schema(name: str) -> dict[str, Any]:
    """Return the schema of a file, with all names of every ``registry`` as its ``enum``.

    Parameters
    ----------
    name : str
        Path of the file in the folder ``schema``.

    Returns
    -------
    dict
        Shared by all who ask for it: copy it before you change it.
    """
    schema: dict[str, Any] = yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))
    _put_names(schema)
    return schema


def schema_for(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a config, in which each study has all keys that it may have.

    Beside its own, these are the keys of its source of cohorts, and those of the method, which the
    config has for all studies (`evenomics.config.settings`).

    Parameters
    ----------
    config : mapping
        As the user wrote it. Only ``studies.NAME.cohorts.source`` matters here.

    Returns
    -------
    dict
        JSON schema without references.
    """
    schema = copy.deepcopy(read_schema("config.schema.yaml"))
    studies = schema["properties"]["studies"]
    ((pattern, any_study),) = studies["patternProperties"].items()
    for key in METHOD:
        part = copy.deepcopy(schema["properties"][key])
        del part["default"]
        any_study["properties"][key] = part
    given = config.get("studies")
    by_name = {}
    for name, study in given.items() if isinstance(given, Mapping) else ():
        if not re.search(pattern, str(name)):
            continue
        by_name[name] = copy.deepcopy(any_study)
        cohorts = study.get("cohorts") if isinstance(study, Mapping) else None
        source = cohorts.get("source") if isinstance(cohorts, Mapping) else None
        if source in list(names("sources")):  # a list: what the user wrote may have no hash
            by_name[name]["properties"]["cohorts"] = copy.deepcopy(
                read_schema(f"sources/{source}.schema.yaml")
            )
    if by_name:
        del studies["patternProperties"]
        studies |= {"properties": by_name, "name_pattern": pattern}
    return schema


def _put_names(schema: Any) -> None:
    if isinstance(schema, dict):
        if isinstance(schema.get("registry"), str):
            schema["enum"] = _allowed(schema["registry"])
            schema["enum"] += [None] * ("null" in schema.get("type", ""))
        for part in schema.values():
            _put_names(part)


def _allowed(kind: str) -> list[str]:
    known = names(kind)
    if kind == "engines":
        return ["auto", *known]
    # what reports call better is larger
    return [name for name, entry in known.items() if "best" not in entry]
