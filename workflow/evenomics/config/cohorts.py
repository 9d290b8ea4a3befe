"""What the section ``cohorts`` of a study says of each cohort."""

from collections.abc import Mapping
from typing import Any

from evenomics.config.names import COHORTS, names


def given_cohorts(options: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what the section ``cohorts`` of a study says of each cohort, or of ``table``.

    A ``table`` that is split by a column has this as its ``group_column``.
    """
    names = (*COHORTS, "table")
    specs = {name: options[name] for name in names if isinstance(options.get(name), Mapping)}
    shares = options.get("split")
    if "table" in specs and isinstance(shares, Mapping) and shares.get("by"):
        specs["table"] = {**specs["table"], "group_column": shares["by"]}
    return specs


def made_names(options: Mapping[str, Any]) -> list[str]:
    """Return what a rule has to make for a study: cohorts, or ``table``.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config.

    Returns
    -------
    list of str
        Empty for sources that need no rule.
    """
    if not names("sources")[options["source"]].get("rule"):
        return []
    return list(COHORTS if options["source"] == "umpire" else given_cohorts(options))
