"""What a user is told about a config that does not fit its schema."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from evenomics.messages import nearest

_TYPES = {
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
    "maxProperties": "a section of at most {} name",
}

# A number without a point, such as 1e-4, is text to YAML.
_POINTLESS = re.compile(r"[-+]?\d+[eE][-+]?\d+")


def described(error: ValidationError) -> Iterator[str]:
    """Describe an error of jsonschema: the key, what was found, and what is allowed.

    Parameters
    ----------
    error : jsonschema.ValidationError
        Of a schema from `evenomics.config.schemas.schema_for`.

    Yields
    ------
    str
        One line per problem; an error about unknown keys has one for each of them.
    """
    place, rule = key_path(error.path), error.validator
    found: Any = error.instance
    limit: Any = error.validator_value
    schema: Any = error.schema
    if rule == "additionalProperties":
        yield from _unknown_keys(found, schema, place)
    elif rule == "required":
        # jsonschema gives one error per missing key, and names the key in its message only
        key = re.match(r"'(.+)' is a required", error.message)
        assert key
        part = schema["properties"][key[1]]
        yield f"{key_path([*error.path, key[1]])}: missing; {_first_sentence(part['description'])}"
    elif rule == "enum":
        allowed = ", ".join(map(in_yaml, limit))
        near = nearest(str(found), filter(None, limit))
        hint = f"; {near}" if near.startswith("did") else ""
        yield f"{place}: found {shown(found)}; allowed: {allowed}{hint}"
    elif rule == "type":
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        wanted = " or ".join(_TYPES[name] for name in types)
        hint = _type_hint(found, types)
        yield f"{place or 'the config'}: found {shown(found)}; has to be {wanted}{hint}"
    elif rule == "uniqueItems":
        repeated = [item for i, item in enumerate(found) if item in found[:i]]
        yield f"{place}: {', '.join(map(shown, repeated))} is listed more than once"
    else:
        allowed = _LIMITS[str(rule)].format(limit)
        unit = schema.get("unit", "none")
        of_unit = "" if unit == "none" else f" (unit: {unit})"
        yield f"{place}: found {shown(found)}; has to be {allowed}{of_unit}"


def key_path(path: Iterable[str | int]) -> str:
    """Return the path of a key as text: ``alphas[0][1]``, ``gan.choice.curve``."""
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return place.removeprefix(".")


def shown(value: Any) -> str:
    """Return a value of the config for a message, shortened if it is long."""
    return "nothing" if value is None else _shortened(repr(value))


def in_yaml(name: str | None) -> str:
    """Return a name as YAML has it; None is ``null``."""
    return "null" if name is None else name


def _unknown_keys(found: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    """Describe the keys of a section that its schema does not have.

    The keyword ``renamed`` of a section has the new names of old keys, ``name_pattern`` the form
    of the names of studies.
    """
    known, renamed = schema.get("properties", {}), schema.get("renamed", {})
    pattern = schema.get("name_pattern") or next(iter(schema.get("patternProperties", {})), None)
    for key in map(str, found):
        where = f"{place}.{key}" if place else key
        if key in known or (pattern and re.search(pattern, key)):
            continue
        if pattern:
            yield (
                f"{_shortened(where)}: not a name for a study; a name has at most 50 lower-case "
                "letters, digits and _, starts with a letter, and does not end in 20 times the same"
            )
        elif key in renamed:
            yield f"{where}: this key is now called `{renamed[key]}`"
        else:
            yield f"{where}: no such key; {nearest(key, known)}"


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _type_hint(found: Any, types: list[str]) -> str:
    number = "number" in types or "integer" in types
    if number and isinstance(found, str) and _POINTLESS.fullmatch(found):
        mantissa, exponent = re.split("[eE]", found)
        return f"; YAML reads {found} as text, write {mantissa}.0e{int(exponent):+d}"
    if "string" in types and not number and isinstance(found, bool | int | float):
        return "; put it in quotes"
    return ""
