"""What the section ``cohorts`` of a study says of each cohort."""

from collections.abc import Mapping, Sequence
from typing import Any

from evenomics.config.names import COHORTS, names

#: In place of a column with sample ids: ids are made from the number of the row.
ROW_NUMBER = "row_number"


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


def listed(value: str | Sequence[str] | None) -> list[str]:
    """Return what a key says that takes a text, a list of them, or nothing."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def imported_names(options: Mapping[str, Any]) -> list[str]:
    """Return the tables that a rule has to import for a study: cohorts, or ``table``.

    Parameters
    ----------
    options : mapping
        The section ``cohorts`` of the study in the config.

    Returns
    -------
    list of str
        Empty for a source that needs no rule; all cohorts where the options name none.
    """
    if not names("sources")[options["source"]].get("rule"):
        return []
    return list(given_cohorts(options) or COHORTS)
