"""What the schema says, the code has: names, settings, services."""

from dataclasses import fields, is_dataclass

from evenomics.config.schemas import read_schema
from evenomics.config.validation import validated
from evenomics.data import geo
from evenomics.gan.settings import GanSettings

MINIMAL = {"studies": {"sim": {"classes": ["a", "b"], "cohorts": {"source": "builtin"}}}}


def test_gan_section_has_the_keys_and_defaults_of_the_settings():
    """Same keys, and the schema's defaults build the very settings of the library."""

    def keys(part: type) -> dict:
        return {
            f.name: keys(f.default_factory) if is_dataclass(f.default_factory) else None
            for f in fields(part)
        }

    def schema_keys(part: dict) -> dict | None:
        return (
            {k: schema_keys(v) for k, v in part["properties"].items()}
            if (part.get("properties"))
            else None
        )

    section = read_schema("config.schema.yaml")["properties"]["gan"]
    assert schema_keys(section) == keys(GanSettings)
    assert GanSettings.from_mapping(validated(MINIMAL)["gan"]) == GanSettings()


def test_services_are_those_that_the_library_names():
    found = validated(MINIMAL)["download"]
    assert (found["mirror"], found["platform_tables"], found["entrez"]) == (
        geo.MIRROR, geo.PLATFORM_TABLES, geo.ENTREZ,
    )  # fmt: skip
