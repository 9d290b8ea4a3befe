"""Training draws: imbalanced samples of the real cohort, for every experiment and replicate.

If the cohort has groups (patients with several samples), a draw is like a smaller study of the same
design: fewer patients, each with all their samples. Patients are drawn in random order, the same
for every class, so that paired samples stay together. Each patient gives all samples of a class
until the class has the number asked for; only the last patient may be cut. So the numbers of
samples, and the imbalance, are exactly those asked for. The number of independent observations,
however, is closer to the number of groups, which the tables have beside that of samples.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.config.experiments import DrawId, Experiment, experiment_numbers
from evenomics.data.checks import check_classes
from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.preparation.folds import shared_groups
from evenomics.randomness import stream

_SMALLEST_CLASS = 2  # fewer samples, or groups, cannot be cross-validated


def draw(
    cohort: Cohort,
    wanted: Iterable[tuple[Experiment, DrawId]],
    classes: Sequence[str],
    seed: int,
    disjoint: bool = False,
    given: Mapping[str, Sequence[str]] | None = None,
) -> dict[DrawId, NDArray[np.intp]]:
    """Draw the training samples of every experiment and replicate, without replacement.

    Each draw has its own random stream, so that its samples do not depend on the others; with
    `disjoint` they depend on those before it. Groups are drawn one after the other (see the
    module); every class has samples of at least two groups.

    Parameters
    ----------
    cohort : Cohort
        The real cohort.
    wanted : iterable of (Experiment, DrawId)
        What to draw, from `evenomics.config.experiments.training_draws`.
    classes : sequence of str
        Classes of the study, the over-represented one first.
    seed : int
        Seed of the run.
    disjoint : bool
        Whether draws share no sample and no group, as if each had its own real data.
    given : mapping of str to sequence of str, optional
        Ids of the samples of every draw that is given.

    Returns
    -------
    dict of DrawId to ndarray of int
        Rows of the cohort, in its order; those of a draw that is given in the order of its ids.

    Raises
    ------
    CohortError
        With every class that has too few samples or groups, by experiment: asked for and found.
    """
    wanted = list(wanted)
    check_classes(cohort, classes)
    assert cohort.classes is not None
    as_given = {
        name: cohort.features.index.get_indexer(pd.Index(samples))
        for name, samples in (given or {}).items()
    }
    _check_sizes(cohort, [experiment for experiment, _ in wanted], classes, disjoint, as_given)
    labels = cohort.classes.to_numpy()
    groups = shared_groups(cohort.groups)
    free = np.ones(len(labels), dtype=bool)
    draws, problems = {}, []
    for experiment, of in wanted:
        rng = stream(seed, "draw", *of)
        usable = free
        if experiment.given:
            usable = np.isin(np.arange(len(labels)), as_given[experiment.given])
        left = {label: np.flatnonzero(usable & (labels == label)) for label in classes}
        counts = experiment.counts(classes, cohort.class_counts())
        counts = counts or {label: len(left[label]) for label in classes}
        if groups is not None:
            problems += _shortages(experiment, left, counts, groups)
        if experiment.given:
            rows = as_given[experiment.given]
        elif groups is None:
            taken = [
                rng.choice(left[label], count, replace=False) for label, count in counts.items()
            ]
            rows = np.sort(np.concatenate(taken))
        else:
            rows = np.sort(np.concatenate(_by_group(left, counts, groups, rng)))
        draws[of] = rows
        if disjoint:
            free[rows if groups is None else np.isin(groups, groups[rows])] = False
            if problems:
                break  # what is left for the others depends on it
    if problems:
        problems = list(dict.fromkeys(problems))
        raise CohortError(f"{cohort.place} is too small for the experiments:", problems)
    return draws


def experiment_table(draws: Mapping[DrawId, Cohort]) -> pd.DataFrame:
    """Return the table of training draws.

    Parameters
    ----------
    draws : mapping of DrawId to Cohort
        Their features are not looked at.

    Returns
    -------
    DataFrame
        Columns experiment, number (as the paper numbers experiments), replicate, class, n_samples,
        if samples have groups n_groups (the number of groups of these samples; a group with samples
        of two classes counts in both), and shared: the share of these samples that the draw of
        another replicate has as well, on average; NaN for a single replicate.
    """
    numbers = experiment_numbers(of.experiment for of in draws)
    ids: defaultdict[tuple[str, str], list[set[str]]] = defaultdict(list)
    for of, cohort in draws.items():
        assert cohort.classes is not None
        for label, labels in cohort.classes.groupby(cohort.classes):
            ids[of.experiment, str(label)].append(set(labels.index))
    rows = []
    for of, cohort in draws.items():
        assert cohort.classes is not None
        for label, n_samples in cohort.class_counts().items():
            row = {
                "experiment": of.experiment,
                "number": numbers[of.experiment],
                "replicate": of.replicate,
                "class": label,
                "n_samples": n_samples,
            }
            if cohort.groups is not None:
                row["n_groups"] = cohort.groups[cohort.classes == label].nunique()
            rows.append(row | {"shared": _shared(ids[of.experiment, label])})
    return pd.DataFrame(rows)


def _shared(draws: Sequence[set[str]]) -> float:
    """Return the share of a draw's samples that another draw has as well, over all pairs."""
    pairs = [len(one & other) / len(one) for one, other in permutations(draws, 2)]
    return float(np.mean(pairs)) if pairs else np.nan


def _by_group(
    left: Mapping[str, NDArray[np.intp]],
    counts: Mapping[str, int],
    groups: NDArray[np.intp],
    rng: np.random.Generator,
) -> list[NDArray[np.intp]]:
    """Return the rows drawn of each class, groups one after the other.

    If the first group has all samples asked for, the last one is taken from the next group, since a
    class of one group cannot be cross-validated.
    """
    place = rng.permutation(groups.max() + 1)[groups]
    shuffled = rng.permutation(len(groups))
    order = shuffled[np.argsort(place[shuffled], kind="stable")]
    taken = []
    for label, asked in counts.items():
        rows = order[np.isin(order, left[label])]
        others = rows[groups[rows] != groups[rows[:1]]]
        if len(rows) - len(others) >= asked and len(others):
            rows = np.append(rows[: asked - 1], others)
        taken.append(rows[:asked])
    return taken


def _shortages(
    experiment: Experiment,
    left: Mapping[str, NDArray[np.intp]],
    counts: Mapping[str, int],
    groups: NDArray[np.intp],
) -> list[str]:
    """Return why a draw by groups is not possible, one line per class."""
    problems = []
    for label, asked in counts.items():
        n_left, n_groups = len(left[label]), len(np.unique(groups[left[label]]))
        what = f"experiment {experiment.name!r}: {asked} samples of the class {label!r} asked for"
        if asked > n_left:
            problems.append(
                f"{what}, {n_left} left, since draws share no group; enlarge the cohort or "
                "set `disjoint: false`"
            )
        elif n_groups < _SMALLEST_CLASS:
            problems.append(
                f"{what}, and all {n_left} found are of one group; at least {_SMALLEST_CLASS} "
                "groups are needed for training"
            )
    return problems


def _check_sizes(
    cohort: Cohort,
    experiments: Sequence[Experiment],
    classes: Sequence[str],
    disjoint: bool,
    as_given: Mapping[str, NDArray[np.intp]],
) -> None:
    available = cohort.class_counts()
    asked_in_all: Counter[str] = Counter()
    problems = []
    for experiment in experiments:
        counts = experiment.counts(classes, available) or available
        if experiment.given:
            counts = cohort.take(as_given[experiment.given]).class_counts()
        asked_in_all.update(counts)
        for label, asked in counts.items():
            what = f"experiment {experiment.name!r}: {asked} samples of the class {label!r}"
            if asked < _SMALLEST_CLASS:
                problems.append(f"{what}; at least {_SMALLEST_CLASS} are needed for training")
            elif asked > available[label]:
                problems.append(
                    f"{what} asked for, {available[label]} found; lower `controls` or `imbalance`"
                )
    if disjoint and not problems:
        problems += [
            f"all draws together ask for {asked} samples of the class {label!r}, "
            f"{available[label]} found; enlarge the cohort or set `disjoint: false`"
            for label, asked in asked_in_all.items()
            if asked > available[label]
        ]
    if problems:
        problems = list(dict.fromkeys(problems))
        raise CohortError(f"{cohort.place} is too small for the experiments:", problems)
