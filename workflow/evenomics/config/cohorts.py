"""The cohorts that the section ``cohorts`` of a study describes."""

from collections.abc import Mapping
from typing import Any

from evenomics.config.names import COHORTS, names


def given_cohorts(options: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the options of each cohort that a study describes, or of its ``table``.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config.

    Returns
    -------
    dict of str to mapping
        Options by cohort. A ``table`` that is split by a column has it as its ``group_column``.
    """
    described = {
        name: options[name]
        for name in (*COHORTS, "table")
        if isinstance(options.get(name), Mapping)
    }
    split = options.get("split")
    if "table" in described and isinstance(split, Mapping) and split.get("by"):
        described["table"] = {**described["table"], "group_column": split["by"]}
    return described


def made_names(options: Mapping[str, Any]) -> list[str]:
    """Return the cohorts, or ``table``, that a rule imports for a study.

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
