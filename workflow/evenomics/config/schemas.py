"""The schemas of the config, read from their files."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from evenomics.balancing.arms import ARMS
from evenomics.data.sources import DATASETS, SOURCES
from evenomics.evaluation.classifiers import CLASSIFIERS
from evenomics.evaluation.metrics import METRICS
from evenomics.gan.engines.base import ENGINES
from evenomics.preparation.harmonise import METHODS
from evenomics.preparation.selection import SELECTIONS

SCHEMAS = Path(__file__).parent / "schema"

REGISTRIES: dict[str, Iterable[str]] = {
    "arms": ARMS,
    "classifiers": CLASSIFIERS,
    "datasets": DATASETS,
    "engines": ["auto", *ENGINES],
    # what reports call better is larger
    "metrics": [name for name, metric in METRICS.items() if metric.larger_is_better],
    "selections": SELECTIONS,
    "harmonisations": ["none", *METHODS, "combat"],
    "sources": SOURCES,
}


@cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a schema by its file name, registered names included; it must not be changed."""
    schema: dict[str, Any] = yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))
    _name_registered(schema)
    return schema


def _name_registered(schema: Any) -> None:
    """Put the names of its registry into every part of a schema that asks for one."""
    if isinstance(schema, dict):
        if isinstance(schema.get("registry"), str):
            schema["enum"] = list(REGISTRIES[schema["registry"]])
        for part in schema.values():
            _name_registered(part)
