"""What is wrong with the options of a source of cohorts, where no schema can find it.

A source that needs this has a module in `evenomics.config.sources`, which registers a function with
`problems_of`. Others need none.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.registry import Registry

#: Finds the problems of a study: its section, its experiments, its place in the config.
Problems = Callable[[Mapping[str, Any], Sequence[Experiment], str], Iterator[str]]

#: What finds the problems of a source's options, by the name of the source.
SOURCE_PROBLEMS: Registry[Problems] = Registry("sources", "evenomics.config.sources")


def problems_of(source: str) -> Callable[[Problems], Problems]:
    """Return a decorator that registers what finds the problems of a source's options.

    Parameters
    ----------
    source : str
        Name in the config.
    """
    return lambda find: SOURCE_PROBLEMS.register(source, find)


def share_problems(shares: Mapping[str, float], place: str) -> Iterator[str]:
    """Find shares of cohorts that do not add up to 1.

    Parameters
    ----------
    shares : mapping of str to float
    place : str
        Key of the config that has them.
    """
    if not math.isclose(total := sum(shares.values()), 1.0, abs_tol=1e-9):
        parts = " + ".join(f"{name} {share:g}" for name, share in shares.items())
        yield f"{place}: found {parts} = {total:g}; has to add up to 1"
