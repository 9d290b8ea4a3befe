"""The schemas of the config, read from their files."""

from functools import cache
from typing import Any

import yaml

from evenomics.config.names import SCHEMAS, names


@cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a schema by its file name, names included; it must not be changed."""
    schema: dict[str, Any] = yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))
    _put_names(schema)
    return schema


def _put_names(schema: Any) -> None:
    """Put the names of a kind into every part of a schema that asks for them."""
    if isinstance(schema, dict):
        if isinstance(schema.get("registry"), str):
            schema["enum"] = _allowed(schema["registry"])
        for part in schema.values():
            _put_names(part)


def _allowed(kind: str) -> list[str]:
    known = names(kind)
    if kind == "engines":
        return ["auto", *known]
    # what reports call better is larger
    return [name for name, entry in known.items() if not entry.get("smaller_is_better")]
