"""The names that a config may use, with what has to be known of them before anything runs."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).parent / "schema"

#: What stands in tables where an arm has no alpha, or no multiplier.
NO_SETTING = "none"
#: The cohorts of a study: what is trained on, what is pre-trained on, what scores are of.
COHORTS = ("real", "external", "validation")


@cache
def _all() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((SCHEMAS / "names.yaml").read_text("utf-8"))
    return read


def names(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the names of a kind, each with what ``schema/names.yaml`` says of it.

    Parameters
    ----------
    kind : str
        ``arms``, ``classifiers``, ``metrics``, ``selections``, ``harmonisations``, ``engines``,
        ``sources`` or ``datasets``.

    Returns
    -------
    mapping of str to mapping
        In the order of the file. Every entry has ``title`` and ``description``.
    """
    return _all()[kind]


def title(kind: str, name: str) -> str:
    """Return the title of a name for people; a name that the schema does not have stays as it is.

    Parameters
    ----------
    kind : str
        See `names`.
    name : str
    """
    entry = names(kind).get(name)
    return name if entry is None else str(entry["title"])
