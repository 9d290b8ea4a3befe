"""Experiments of a study: how many samples of each class are drawn."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

#: In place of a number of controls: all that the cohort has.
ALL = "all"

_GRID_NAME = re.compile(r"(?:c(\d+)|all)_i(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Experiment:
    """How many samples of each class are drawn.

    Attributes
    ----------
    controls : int, str or None
        Samples of the first, over-represented class, or `ALL`; None for the whole cohort, and for a
        draw that is given.
    imbalance : float or None
        Cases per control (chosen here: the paper's Table 1 does not say whether it is the inverse);
        None where `controls` is.
    given : str
        Name of a draw that is given as a table; empty for the others.

    Examples
    --------
    >>> Experiment(40, 0.4).name, Experiment(40, 0.4).counts(["control", "case"])
    ('c40_i0.4', {'control': 40, 'case': 16})
    >>> Experiment(ALL, 0.6).counts(["control", "case"], {"control": 87, "case": 60})
    {'control': 87, 'case': 52}
    >>> Experiment().name, Experiment(given="c40_i0.4").name
    ('whole', 'c40_i0.4')
    """

    controls: int | str | None = None
    imbalance: float | None = None
    given: str = ""

    @property
    def name(self) -> str:
        """Identifier, e.g. ``c40_i0.4``, ``all_i0.6`` or ``whole``."""
        if self.imbalance is None:
            return self.given or "whole"
        return f"{'' if self.controls == ALL else 'c'}{self.controls}_i{self.imbalance:g}"

    @property
    def fixed(self) -> bool:
        """Whether the draw can be made in one way only: it is the whole cohort, or given."""
        return self.imbalance is None

    @property
    def cases(self) -> int | None:
        """Samples of each under-represented class; None where the cohort decides on it."""
        if not isinstance(self.controls, int) or self.imbalance is None:
            return None
        return round(self.controls * self.imbalance)

    def counts(
        self, classes: Sequence[str], available: Mapping[str, int] | None = None
    ) -> dict[str, int]:
        """Return the number of samples asked for of each class.

        Parameters
        ----------
        classes : sequence of str
            Classes of the study, the over-represented one first.
        available : mapping of str to int, optional
            Samples of each class in the cohort, for `ALL`.

        Returns
        -------
        dict of str to int
            Empty for the whole cohort, for a draw that is given, and for `ALL` of a cohort that is
            not known.
        """
        controls, cases = self.controls, self.cases
        if controls == ALL and self.imbalance is not None and available:
            controls = available[classes[0]]
            # as written: 0.29 times 100 is 29, which floating point makes a little less of
            cases = math.floor(Fraction(str(self.imbalance)) * controls)
        if not isinstance(controls, int) or cases is None:
            return {}
        return {classes[0]: controls, **dict.fromkeys(classes[1:], cases)}


class DrawId(NamedTuple):
    """Which training draw: of which experiment, in which replicate.

    Attributes
    ----------
    experiment : str
    replicate : int
        From 1.

    Examples
    --------
    >>> DrawId("c40_i0.4", 2).name
    'c40_i0.4.2'
    """

    experiment: str
    replicate: int = 1

    @property
    def name(self) -> str:
        """Identifier, in names of files and of random streams."""
        return f"{self.experiment}.{self.replicate}"


def training_draws(
    experiments: Iterable[Experiment], n_replicates: int, splits: bool
) -> list[tuple[Experiment, DrawId]]:
    """Return every training draw of a study.

    Parameters
    ----------
    experiments : iterable of Experiment
    n_replicates : int
    splits : bool
        Whether each replicate has cohorts of its own. Otherwise a draw of the whole cohort is
        always the same, and there is one of it, as of a draw that is given.

    Returns
    -------
    list of (Experiment, DrawId)
        Experiment by experiment.
    """
    return [
        (experiment, DrawId(experiment.name, replicate))
        for experiment in experiments
        for replicate in range(1, 1 + (n_replicates if splits or not experiment.fixed else 1))
    ]


def experiment_grid(options: Mapping[str, Any]) -> list[Experiment]:
    """Return the experiments of a study.

    Parameters
    ----------
    options : mapping
        The section ``experiments`` of the config: ``whole`` (bool), ``controls`` (list of int or
        ``all``), ``imbalance`` (list of float) and ``given`` (mapping). Every pair of ``controls``
        and ``imbalance`` is an experiment.

    Returns
    -------
    list of Experiment
    """
    grid = [Experiment()] if options.get("whole", False) else []
    grid += [
        Experiment(controls if controls == ALL else int(controls), float(imbalance))
        for controls in options.get("controls", [])
        for imbalance in options.get("imbalance", [])
    ]
    grid += [Experiment(given=name) for name in options.get("given", {})]
    return list(dict.fromkeys(grid))


def experiment_numbers(experiments: Iterable[str]) -> dict[str, int]:
    """Return the numbers of experiments as in the paper: by imbalance, then by controls.

    Parameters
    ----------
    experiments : iterable of str
        Their names. Those that tell no imbalance come after the others, the whole cohort last.

    Returns
    -------
    dict of str to int
        From 1.

    Examples
    --------
    >>> experiment_numbers(["whole", "c80_i0.4", "c120_i0.4", "c80_i0.5"])
    {'c80_i0.4': 1, 'c120_i0.4': 2, 'c80_i0.5': 3, 'whole': 4}
    """

    def place(name: str) -> tuple[float, float]:
        if found := _GRID_NAME.fullmatch(name):
            return float(found[2]), float(found[1] or math.inf)
        return math.inf, float(name == Experiment().name)

    ordered = sorted(dict.fromkeys(experiments), key=place)
    return {name: number for number, name in enumerate(ordered, start=1)}
