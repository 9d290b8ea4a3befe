"""Problems of cohorts from R objects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.cohorts import given_cohorts
from evenomics.config.experiments import Experiment
from evenomics.config.source import problems_of
from evenomics.config.sources import table


@problems_of("rdata")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find those of tables, and objects without one place that they come from."""
    yield from table.problems(study, grid, place)
    for name, spec in given_cohorts(study["cohorts"]).items():
        if bool(spec["path"]) == bool(spec["package"]):
            yield (
                f"{place}.cohorts.{name}: give either the `path` of an R data file, or the "
                "`package` whose data set it is"
            )
