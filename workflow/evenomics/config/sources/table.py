"""Problems of tables: of one's own, or imported ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.cohorts import given_cohorts
from evenomics.config.experiments import Experiment
from evenomics.config.names import COHORTS
from evenomics.config.paths import path_problems, table_paths
from evenomics.config.source import problems_of, share_problems


@problems_of("table")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find tables that are missing or too many, shares that do not add up, and wrong paths."""
    cohorts, place = study["cohorts"], f"{place}.cohorts"
    given = given_cohorts(cohorts)
    if "table" in given and len(given) > 1:
        others = " and ".join(f"`{name}`" for name in given if name != "table")
        yield f"{place}: give either one `table` or {others}, not both"
    elif "table" not in given:
        for name in ("real", "validation"):
            if name not in given:
                yield f"{place}.{name}: missing; give `{name}: {{...}}`, or one `table` to split"
        if "split" in cohorts:
            yield f"{place}.split: there is no `table` to split"
    if "split" in cohorts:
        shares = {name: cohorts["split"][name] for name in COHORTS}
        yield from share_problems(shares, f"{place}.split")
    yield from path_problems(table_paths(cohorts), place)
