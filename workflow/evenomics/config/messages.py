"""What is said about a config that does not fit its schema."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from evenomics.messages import nearest

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


def key_path(path: Iterable[str | int]) -> str:
    """Return a path as one reads it: ``alphas[0][1]``, ``gan.choice.curve``."""
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return place.removeprefix(".")


def shown(value: Any) -> str:
    """Return a value as it stood in the config, shortened."""
    if value is None:
        return "nothing"
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def described(error: ValidationError) -> Iterator[str]:
    """Say what is wrong, what was found and what is allowed."""
    place, rule = key_path(error.path), error.validator
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
        yield f"{key_path([*error.path, key[1]])}: missing; {_first_sentence(part)}"
    elif rule == "enum":
        allowed = ", ".join(map(in_yaml, limit))
        near = nearest(str(found), filter(None, limit))
        hint = f"; {near}" if near.startswith("did") else ""
        yield f"{place}: found {shown(found)}; allowed: {allowed}{hint}"
    elif rule == "type":
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        wanted = " or ".join(_KINDS[kind] for kind in kinds)
        wanted += _advice(found, kinds)
        yield f"{place or 'the config'}: found {shown(found)}; has to be {wanted}"
    elif rule == "uniqueItems":
        twice = [item for i, item in enumerate(found) if item in found[:i]]
        yield f"{place}: {', '.join(map(shown, twice))} stands there more than once"
    else:
        allowed = _LIMITS[str(rule)].format(limit)
        unit = schema.get("unit", "none")
        yield f"{place}: found {shown(found)}; has to be {allowed}" + (
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
