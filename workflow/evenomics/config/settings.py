"""The settings of the method for each study: its protocol, the config's, and its own.

What a study says wins over what the config says for all studies, which wins over the protocol,
which wins over the defaults of the schema. Sections are merged key by key; lists and values are
replaced.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from evenomics.config.names import SCHEMAS

#: Keys of the config that a study may have, too.
METHOD = (
    "draws",
    "arms",
    "alphas",
    "multipliers",
    "bandwidths",
    "selection",
    "scaling",
    "gan",
    "scoring",
)


@cache
def protocols() -> dict[str, dict[str, Any]]:
    """Return the settings of each protocol, from ``schema/protocols.yaml``."""
    read: dict[str, dict[str, Any]] = yaml.safe_load(
        (SCHEMAS / "protocols.yaml").read_text("utf-8")
    )
    return read


def method_settings(
    config: Mapping[str, Any], study: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the settings of the method that are given for a study, without defaults.

    Parameters
    ----------
    config : mapping
        As the user wrote it; its protocol is one that there is.
    study : mapping, optional
        The study's section; without, the settings are those of a study that has none of its own.

    Returns
    -------
    dict
        Keys in `METHOD`, as far as they are given.

    Examples
    --------
    >>> config = {"alphas": [[0, 0]], "scoring": {"repeats": 5, "folds": 3}}
    >>> method_settings(config, {"scoring": {"repeats": 9}})
    {'alphas': [[0, 0]], 'scoring': {'repeats': 9, 'folds': 3}}
    """
    study = study or {}
    protocol = study.get("protocol") or config.get("protocol")
    layers = [protocols()[protocol] if protocol else {}, config, study]
    given: dict[str, Any] = {}
    for layer in layers:
        given = merged(given, {key: layer[key] for key in METHOD if key in layer})
    return given


def merged(base: Any, other: Any) -> Any:
    """Return what is given by two sections, the second before the first."""
    if not (isinstance(base, Mapping) and isinstance(other, Mapping)):
        return other
    return {**base, **{key: merged(base.get(key), part) for key, part in other.items()}}
