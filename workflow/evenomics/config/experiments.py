"""Experiments of a study: how many samples of each class are drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Experiment:
    """How many samples of each class are drawn.

    Attributes
    ----------
    controls : int or None
        Samples of the first, over-represented class; None for the whole cohort.
    imbalance : float or None
        Cases per control (chosen here: the paper's Table 1 does not say whether it is the inverse);
        None for the whole cohort.

    Examples
    --------
    >>> Experiment(40, 0.4).name, Experiment(40, 0.4).counts(["control", "case"])
    ('c40_i0.4', {'control': 40, 'case': 16})
    >>> Experiment().name
    'whole'
    """

    controls: int | None = None
    imbalance: float | None = None

    @property
    def name(self) -> str:
        """Identifier, e.g. ``c40_i0.4``, or ``whole``."""
        return "whole" if self.whole else f"c{self.controls}_i{self.imbalance:g}"

    @property
    def whole(self) -> bool:
        """Whether the draw is the whole cohort."""
        return self.controls is None or self.imbalance is None

    @property
    def cases(self) -> int | None:
        """Samples of each under-represented class; None for the whole cohort."""
        if self.controls is None or self.imbalance is None:
            return None
        return round(self.controls * self.imbalance)

    def counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Return the number of samples asked for of each class; empty for the whole cohort."""
        if self.controls is None or self.cases is None:
            return {}
        return {classes[0]: self.controls, **dict.fromkeys(classes[1:], self.cases)}


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
        always the same, and there is one of it.

    Returns
    -------
    list of (Experiment, DrawId)
        Experiment by experiment.
    """
    return [
        (experiment, DrawId(experiment.name, replicate))
        for experiment in experiments
        for replicate in range(1, 1 + (n_replicates if splits or not experiment.whole else 1))
    ]


def experiment_grid(options: Mapping[str, Any]) -> list[Experiment]:
    """Return the experiments of a study.

    Parameters
    ----------
    options : mapping
        The section ``experiments`` of the config: ``whole`` (bool), ``controls`` (list of int) and
        ``imbalance`` (list of float). Every pair of the latter two is an experiment.

    Returns
    -------
    list of Experiment
    """
    grid = [Experiment()] if options.get("whole", False) else []
    grid += [
        Experiment(int(controls), float(imbalance))
        for controls in options.get("controls", [])
        for imbalance in options.get("imbalance", [])
    ]
    return list(dict.fromkeys(grid))
