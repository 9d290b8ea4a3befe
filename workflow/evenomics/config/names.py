"""The names that a config may use, from ``schema/names.yaml``."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).parent / "schema"

#: The alpha, or multiplier, of an arm that has none, in tables.
NO_SETTING = "none"
#: The cohorts of a study: for training, for pre-training, for scoring.
COHORTS = ("real", "external", "validation")
#: The values of ``scoring.tuning`` that make scalers and generators anew in every fold of a draw.
IN_FOLDS = ("fold", "draw")


@cache
def _all() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((SCHEMAS / "names.yaml").read_text("utf-8"))
    return read


def names(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the names of a kind, each with its entry in ``schema/names.yaml``.

    Parameters
    ----------
    kind : str
        ``cohorts``, ``arms``, ``classifiers``, ``metrics``, ``selections``, ``harmonisations``,
        ``engines``, ``sources``, ``datasets`` or ``protocols``.

    Returns
    -------
    mapping of str to mapping
        In the order of the file. Every entry has a ``title`` and a ``description``.
    """
    return _all()[kind]


def title(kind: str, name: str) -> str:
    """Return the title of a name for figures and tables; an unknown name is its own title.

    Parameters
    ----------
    kind : str
        See `names`.
    name : str
    """
    entry = names(kind).get(name)
    return name if entry is None else str(entry["title"])
