"""Replicates of a study: splits of its one table, or draws from its fixed cohorts."""

from collections.abc import Iterator, Mapping
from typing import Any

from evenomics.config.experiments import experiment_grid
from evenomics.config.schemas import read_schema

#: Draws of a study that does not say how many.
_DRAWS = 5


def split_of(cohorts: Mapping[str, Any]) -> dict[str, Any]:
    """Return how one table is split into the cohorts of a study.

    Parameters
    ----------
    cohorts : mapping
        The section ``cohorts`` of the study in the config.

    Returns
    -------
    dict
        The section ``split`` with its defaults; empty where the cohorts are fixed.

    Examples
    --------
    >>> split_of({"source": "sklearn", "split": {"replicates": 3}})
    {'replicates': 3, 'real': 0.5, 'external': 0.2, 'validation': 0.3}
    >>> split_of({"source": "builtin"})
    {}
    """
    keys = read_schema(f"sources/{cohorts['source']}.schema.yaml")["properties"]
    # a source of tables splits one only where it is given, `sklearn` always
    if "split" not in keys or ("table" in keys and not cohorts.get("table")):
        return {}
    defaults = {key: part["default"] for key, part in keys["split"]["properties"].items()}
    return defaults | (cohorts.get("split") or {})


def n_replicates(study: Mapping[str, Any]) -> int:
    """Return the number of replicates of a study; they are numbered from 1.

    Parameters
    ----------
    study : mapping
        Its section of the config, with defaults.
    """
    if split := split_of(study["cohorts"]):
        return int(split["replicates"])
    if all_fixed(study):
        return 1
    return int(study["draws"]["replicates"] or _DRAWS)


def all_fixed(study: Mapping[str, Any]) -> bool:
    """Return whether every experiment of a study can be drawn in one way only."""
    return all(experiment.fixed for experiment in experiment_grid(study["experiments"]))


def replicate_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find draws that a study is asked for and cannot have.

    Parameters
    ----------
    study : mapping
        Its section of the config, with defaults, and with what it says of draws itself.
    place : str
        Path of the section, e.g. ``studies.liver``.

    Yields
    ------
    str
        One line per problem.
    """
    asked = study.get("draws", {}).get("replicates")
    if asked is None:
        return
    place = f"{place}.draws.replicates"
    if split_of(study["cohorts"]):
        yield (
            f"{place}: found {asked}; one table is split, so its splits are the replicates: leave "
            "`draws` out, and set `cohorts.split.replicates`"
        )
    elif asked > 1 and experiment_grid(study["experiments"]) and all_fixed(study):
        yield (
            f"{place}: found {asked}; has to be 1, since every draw of the whole cohort is the "
            "same, and a given one is as it is: leave `draws` out, or give `controls` and "
            "`imbalance` of `experiments`"
        )
