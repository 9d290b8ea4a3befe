"""Experiments: imbalanced draws from the real cohort."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evenomics.cohort import Cohort, check_classes
from evenomics.errors import CohortError
from evenomics.randomness import stream

_SMALLEST_CLASS = 2  # fewer samples cannot be cross-validated


@dataclass(frozen=True)
class Experiment:
    """How many samples of each class are drawn.

    Attributes
    ----------
    controls : int or None
        Samples of the first, over-represented class; None: the cohort as it is.
    imbalance : float or None
        Cases per control (chosen here: the paper's Table 1 does not say which way round).
    """

    controls: int | None = None
    imbalance: float | None = None

    @property
    def name(self) -> str:
        """Identifier, e.g. ``c40_i0.4``, or ``whole``."""
        return "whole" if self.whole else f"c{self.controls}_i{self.imbalance:g}"

    @property
    def whole(self) -> bool:
        """Whether the cohort is taken as it is."""
        return self.controls is None or self.imbalance is None

    @property
    def cases(self) -> int | None:
        """Samples of each under-represented class."""
        if self.controls is None or self.imbalance is None:
            return None
        return round(self.controls * self.imbalance)

    def counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Return the number of samples asked for of each class; empty for the whole cohort."""
        if self.controls is None or self.cases is None:
            return {}
        return {classes[0]: self.controls, **dict.fromkeys(classes[1:], self.cases)}


def experiment_grid(options: Mapping[str, Any]) -> list[Experiment]:
    """Return the experiments of a study.

    Parameters
    ----------
    options : mapping
        ``whole`` (bool), ``controls`` (list of int) and ``imbalance`` (list of float), as in the
        section ``experiments`` of the config; every pair of the latter two is an experiment.

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


def draw(
    cohort: Cohort,
    experiments: Iterable[Experiment],
    classes: Sequence[str],
    seed: int,
    disjoint: bool = False,
) -> dict[str, Cohort]:
    """Draw the training samples of every experiment, without replacement.

    Each experiment has its own random stream, so that its samples do not depend on the others of
    the grid; with `disjoint` they depend on those before it.

    Parameters
    ----------
    cohort : Cohort
        The real cohort.
    experiments : iterable of Experiment
        What to draw.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.
    disjoint : bool
        Whether no sample may be in two experiments, as if each had its own real data.

    Returns
    -------
    dict of str to Cohort
        The draw of each experiment by its name, samples in the cohort's order.

    Raises
    ------
    CohortError
        With every class that has too few samples: for which experiment, asked and found.
    """
    experiments = list(experiments)
    check_classes(cohort, classes)
    assert cohort.classes is not None
    _check_sizes(cohort, experiments, classes, disjoint)
    labels = cohort.classes.to_numpy()
    free = {label: np.flatnonzero(labels == label) for label in classes}
    draws = {}
    for experiment in experiments:
        rng = stream(seed, "draw", experiment.name)
        counts = experiment.counts(classes) or {label: len(free[label]) for label in classes}
        taken = {
            label: rng.choice(free[label], count, replace=False) for label, count in counts.items()
        }
        if disjoint:
            free = {label: np.setdiff1d(free[label], taken[label]) for label in classes}
        rows = np.sort(np.concatenate(list(taken.values())))
        draws[experiment.name] = cohort.take(rows, name=experiment.name)
    return draws


def _check_sizes(
    cohort: Cohort, experiments: Sequence[Experiment], classes: Sequence[str], disjoint: bool
) -> None:
    available = cohort.class_counts()
    asked_in_all: Counter[str] = Counter()
    problems = []
    for experiment in experiments:
        counts = experiment.counts(classes) or available
        asked_in_all.update(counts)
        for label, asked in counts.items():
            what = f"experiment {experiment.name!r}: {asked} samples of the class {label!r}"
            if asked < _SMALLEST_CLASS:
                problems.append(f"{what}; at least {_SMALLEST_CLASS} are needed to learn from")
            elif asked > available[label]:
                problems.append(
                    f"{what} asked for, {available[label]} found; lower `controls` or `imbalance`"
                )
    if disjoint and not problems:
        problems += [
            f"all experiments together ask for {asked} samples of the class {label!r}, "
            f"{available[label]} found; enlarge the cohort or set `disjoint: false`"
            for label, asked in asked_in_all.items()
            if asked > available[label]
        ]
    if problems:
        raise CohortError(f"{cohort.place} is too small for the experiments:", problems)
