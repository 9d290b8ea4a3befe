"""The tables of keys in ``config/README.md``, made from the schema.

``python -m evenomics.config.reference`` writes them again.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evenomics.config.messages import in_yaml
from evenomics.config.names import SCHEMAS, names
from evenomics.config.schemas import read_schema
from evenomics.config.settings import protocols

README = SCHEMAS.parents[3] / "config" / "README.md"

BEGIN, END = "<!-- keys: made from the schema -->", "<!-- end of keys -->"

_HEAD = ["| key | type | default | allowed | unit | what it is |", "|---|---|---|---|---|---|"]


def reference() -> str:
    """Return the tables of all keys, as Markdown."""
    parts = [*_HEAD, *_rows(read_schema("config.schema.yaml"), ""), "", *_protocols()]
    for source in names("sources"):
        schema = read_schema(f"sources/{source}.schema.yaml")
        parts += ["", f"### {schema['title']}", "", schema["description"].strip(), ""]
        parts += [*_HEAD, *_rows(schema, "studies.NAME.cohorts.")]
    return "\n".join(parts)


def with_reference(readme: str) -> str:
    """Return the text of a README in which the tables of keys are those of the schema."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def _rows(schema: Mapping[str, Any], place: str) -> Iterator[str]:
    required = schema.get("required", [])
    for key, part in schema.get("properties", {}).items():
        default = json.dumps(part["default"]) if "default" in part else ""
        if part["type"] == "object" and part.get("properties"):
            default = ""
        cells = [
            f"`{place}{key}`",
            _kind(part),
            f"`{default}`" if default else "required" if key in required else "",
            _allowed(part),
            part["unit"].replace("none", ""),
            str(part["description"]).strip(),
        ]
        yield "| " + " | ".join(cells) + " |"
        yield from _rows(part, f"{place}{key}.")
        for named in part.get("patternProperties", {}).values():
            yield from _rows(named, f"{place}{key}.NAME.")


def _protocols() -> Iterator[str]:
    """Write a table of what the protocols set."""
    yield from ("### Protocols", "")
    for entry in names("protocols").values():
        yield f"- {entry['title']}: {entry['description'].strip()}"
    yield from ("", "A key without a value has its default.", "")
    settings = {name: dict(_values(given)) for name, given in protocols().items()}
    yield f"| key | {' | '.join(f'`{name}`' for name in settings)} |"
    yield "|---" * (1 + len(settings)) + "|"
    for key in dict.fromkeys(key for given in settings.values() for key in given):
        cells = [
            f"`{json.dumps(given[key])}`" if key in given else "" for given in settings.values()
        ]
        yield f"| `{key}` | {' | '.join(cells)} |"


def _values(section: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the values of a section, each with the path of its key."""
    for key, part in section.items():
        if isinstance(part, Mapping):
            yield from _values(part, f"{place}{key}.")
        else:
            yield f"{place}{key}", part


def _kind(part: Mapping[str, Any]) -> str:
    if part.get("type") == "array":
        kind = _kind(part["items"])
        return "list of " + (kind.replace("list", "lists") if "list" in kind else f"{kind}s")
    words = {"integer": "whole number", "object": "section", "string": "text", "array": "list"}
    types = part.get("type", "text")
    types = types if isinstance(types, list) else [types]
    return " or ".join(words.get(str(name), str(name)) for name in types)


def _allowed(part: Mapping[str, Any]) -> str:
    if "then" in part:  # an item that is text, or something else
        other = {key: value for key, value in part.items() if key != "then"}
        return ", ".join(filter(None, [_allowed(other), _allowed(part["then"])]))
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{in_yaml(name)}`" for name in part["enum"])
    limits: list[str] = []
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits += [f"{sign} {part[key]}" for key, sign in signs.items() if key in part]
    if part.get("minItems") and part.get("minItems") == part.get("maxItems"):
        limits.append(f"{part['minItems']} values")
    if "maxLength" in part:
        limits.append(f"≤ {part['maxLength']} characters")
    if "items" in part and (each := _allowed(part["items"])):
        limits.append(each)
    return ", ".join(limits)


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text(encoding="utf-8")), encoding="utf-8")
