"""Problems and sizes of the simulators, the built-in one and Umpire."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.config.names import COHORTS
from evenomics.config.replicates import n_replicates
from evenomics.config.source import Size, problems_of, size_of


@problems_of("builtin")
@problems_of("umpire")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find a real cohort that is too small for the draws."""
    classes, n_real = study["classes"], study["cohorts"]["n_real"]
    asked = [sum(experiment.counts(classes).values()) for experiment in grid]
    disjoint = study["experiments"]["disjoint"]
    needed = n_replicates(study) * sum(asked) if disjoint else max(asked, default=0)
    if needed > n_real:
        which = "all draws together" if disjoint else "the largest experiment"
        yield f"{place}.cohorts.n_real: found {n_real}; has to be >= {needed} for {which}"


@size_of("builtin")
@size_of("umpire")
def size(study: Mapping[str, Any]) -> Size:
    """Return what is asked for; Umpire may leave out some of the features."""
    return Size(*(study["cohorts"][f"n_{part}"] for part in ("features", *COHORTS)))
