"""What the schema says, the code has: names, settings, services."""

from dataclasses import fields, is_dataclass

import pytest

from evenomics.balancing.arm import ARMS
from evenomics.config.names import names
from evenomics.config.schemas import read_schema
from evenomics.config.validation import validated
from evenomics.data import geo
from evenomics.data.source import SOURCES
from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.evaluation.metric import METRICS
from evenomics.gan.engines.base import ENGINES
from evenomics.gan.settings import GanSettings
from evenomics.preparation.harmonise import METHODS

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
    assert GanSettings.from_mapping(validated(MINIMAL)["studies"]["sim"]["gan"]) == GanSettings()


def test_services_are_those_that_the_library_names():
    found = validated(MINIMAL)["download"]
    assert (found["mirror"], found["platform_tables"], found["entrez"]) == (
        geo.MIRROR, geo.PLATFORM_TABLES, geo.ENTREZ,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "registry", "by_rule"),
    [
        ("metrics", METRICS, set()),
        ("arms", ARMS, {"auto"}),
        ("classifiers", CLASSIFIERS, set()),
        ("harmonisations", METHODS, {"none", "combat"}),
        ("engines", ENGINES, set()),
        ("sources", SOURCES, set()),
    ],
)
def test_a_registry_has_the_names_of_the_schema_in_their_order(kind, registry, by_rule):
    """But for those that a rule makes without the library, and the arm that takes another one."""
    assert [*registry] == [name for name in names(kind) if name not in by_rule]
    assert len(registry) == len(names(kind)) - len(by_rule)
