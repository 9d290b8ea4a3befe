"""What is known of a source of cohorts before anything runs.

That is what is wrong with its options, where no schema can find it, and how large its cohorts will
be. A source has a module in `evenomics.config.sources`, which registers a function for the one with
`problems_of`, for the other with `size_of`. Neither is needed.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.config.names import COHORTS
from evenomics.config.registry import Registry

#: Finds the problems of a study: its section, its experiments, its place in the config.
Problems = Callable[[Mapping[str, Any], Sequence[Experiment], str], Iterator[str]]

#: What finds the problems of a source's options, by the name of the source.
SOURCE_PROBLEMS: Registry[Problems] = Registry("sources", "evenomics.config.sources")


@dataclass(frozen=True)
class Size:
    """How large the cohorts of a study are.

    Attributes
    ----------
    n_features : int
        Features that all cohorts have.
    n_real, n_external, n_validation : int
        Samples. Without an external cohort, pre-training uses the real one, and `n_external` is
        its size.
    class_counts : mapping of str to int
        Samples of each class of the real cohort; empty if they are not known.
    n_given : mapping of str to int
        Samples of each draw that is given; empty if they are not known.

    Examples
    --------
    >>> cohorts = {"n_features": 150, "n_real": 400, "n_external": 300, "n_validation": 700}
    >>> SOURCE_SIZES["builtin"]({"cohorts": cohorts}).n_samples
    1400
    """

    n_features: int
    n_real: int
    n_external: int
    n_validation: int
    class_counts: Mapping[str, int] = field(default_factory=dict)
    n_given: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, cohorts: Mapping[str, Any]) -> "Size":
        """Return the size of cohorts that are there.

        Parameters
        ----------
        cohorts : mapping of str to evenomics.data.cohort.Cohort
            By the names of `evenomics.config.names.COHORTS`.
        """
        real = cohorts["real"]
        n_real, n_external, n_validation = (cohorts[name].n_samples for name in COHORTS)
        return cls(real.n_features, n_real, n_external, n_validation, real.class_counts())

    @property
    def n_samples(self) -> int:
        """Samples of all cohorts."""
        return self.n_real + self.n_external + self.n_validation


#: Finds the size of the cohorts of a study from its section; None if that says nothing of it.
Sizes = Callable[[Mapping[str, Any]], Size | None]

#: What finds the size of a source's cohorts, by the name of the source.
SOURCE_SIZES: Registry[Sizes] = Registry("sources", "evenomics.config.sources")


def size_of(source: str) -> Callable[[Sizes], Sizes]:
    """Return a decorator that registers what finds the size of a source's cohorts.

    Parameters
    ----------
    source : str
        Name in the config.
    """
    return lambda find: SOURCE_SIZES.register(source, find)


def problems_of(source: str) -> Callable[[Problems], Problems]:
    """Return a decorator that registers what finds the problems of a source's options.

    Parameters
    ----------
    source : str
        Name in the config.
    """
    return lambda find: SOURCE_PROBLEMS.register(source, find)


def share_problems(split: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find shares of cohorts that do not add up to 1.

    Parameters
    ----------
    split : mapping
        The section ``split``, which has the share of each cohort.
    place : str
        Its key in the config.
    """
    shares = {name: split[name] for name in COHORTS}
    if not math.isclose(total := sum(shares.values()), 1.0, abs_tol=1e-9):
        parts = " + ".join(f"{name} {share:g}" for name, share in shares.items())
        yield f"{place}: found {parts} = {total:g}; has to add up to 1"


def parts_of(n_features: int, n_samples: int, split: Mapping[str, Any]) -> Size:
    """Return the size of the cohorts of one split of a table.

    Parameters
    ----------
    n_features, n_samples : int
        Size of the table.
    split : mapping
        The section ``split``, which has the share of each cohort.
    """
    parts = {name: round(n_samples * split[name]) for name in COHORTS}
    return Size(n_features, parts["real"], parts["external"] or parts["real"], parts["validation"])
