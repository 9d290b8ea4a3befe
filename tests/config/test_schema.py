"""The schema describes and bounds every key, and is what the README says."""

import pytest

from evenomics.config.names import SCHEMAS, names
from evenomics.config.reference import README, with_reference
from evenomics.config.schemas import read_schema


def every_key(schema: dict, place: str = ""):
    """Path and schema of every key, those of named studies included."""
    for key, part in schema.get("properties", {}).items():
        yield f"{place}{key}", part
        yield from every_key(part, f"{place}{key}.")
        for named in part.get("patternProperties", {}).values():
            yield from every_key(named, f"{place}{key}.NAME.")


ALL_KEYS = [
    pytest.param(place, part, id=f"{name}:{place}")
    for name in ["config.schema.yaml", *(f"sources/{s}.schema.yaml" for s in names("sources"))]
    for place, part in every_key(read_schema(name))
]


@pytest.mark.parametrize(("place", "part"), ALL_KEYS)
def test_every_key_is_described_and_bounded(place, part):
    """Type, description and unit everywhere; a range for numbers; no unknown keys in sections."""
    assert part["description"].strip()
    assert part["unit"].strip()
    assert "type" in part
    assert not {"$ref", "oneOf"} & set(part)  # the catalog reads `properties` only
    if part["type"] == "object":
        assert "additionalProperties" in part
    if part["unit"] == "loss":  # may be any number
        return
    for number in (part, part.get("items", {})):
        if number.get("type") in ("integer", "number"):
            assert any("imum" in key for key in number), place


def test_every_source_has_a_schema():
    assert {path.name for path in (SCHEMAS / "sources").iterdir()} == {
        f"{source}.schema.yaml" for source in names("sources")
    }


def test_readme_explains_every_key_as_the_schema_has_it():
    text = README.read_text(encoding="utf-8")
    assert with_reference(text) == text, "run: python -m evenomics.config.reference"
    for place, _ in every_key(read_schema("config.schema.yaml")):
        assert f"`{place}`" in text


def test_every_selection_goes_on_from_another_and_every_step_has_its_options():
    steps = [entry["steps"] for entry in names("selections").values()]
    assert all(sequence[:-1] in steps for sequence in steps)
    options = read_schema("config.schema.yaml")["properties"]["selection"]["properties"]
    assert set(options) == {step for sequence in steps for step in sequence}


def test_a_renamed_key_is_gone_and_its_new_name_exists():
    """Wherever a section of the schema says that a key was renamed; a path if it moved."""
    paths = {key.values[0] for key in ALL_KEYS}
    sections = [key.values[1] for key in ALL_KEYS if "renamed" in key.values[1]]
    assert sections
    for section in sections:
        assert not section["renamed"].keys() & section["properties"].keys()
        assert set(section["renamed"].values()) <= section["properties"].keys() | paths
