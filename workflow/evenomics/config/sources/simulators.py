"""Problems of the simulators, the built-in one and Umpire."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.config.source import problems_of


@problems_of("builtin")
@problems_of("umpire")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find a real cohort that is too small for the experiments."""
    classes, n_real = study["classes"], study["cohorts"]["n_real"]
    asked = [sum(experiment.counts(classes).values()) for experiment in grid]
    disjoint = study["experiments"]["disjoint"]
    if asked and (needed := sum(asked) if disjoint else max(asked)) > n_real:
        which = "all experiments together" if disjoint else "the largest experiment"
        yield f"{place}.cohorts.n_real: found {n_real}; has to be >= {needed} for {which}"
