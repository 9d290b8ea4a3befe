"""Parts of a training set: all samples of a group (a patient, a subject) on the same side.

Samples of one patient are alike. A part that holds some of them tells nothing new of a model that
was fitted on the others: its score comes out too high, and the choices made by it are wrong.

Where every sample is of its own group, groups change nothing.
"""

from collections import Counter

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from evenomics.errors import CohortError

#: Rows to train on, rows to test on.
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def shared_groups(groups: ArrayLike | None) -> NDArray[np.intp] | None:
    """Return the numbers of the samples' groups; None where no group has two samples."""
    if groups is None:
        return None
    names, numbers = np.unique(groups, return_inverse=True)
    return None if len(names) == len(numbers) else numbers


def group_counts(y: ArrayLike, groups: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the number of samples of each group (rows) and class (columns)."""
    labels, codes = np.unique(y, return_inverse=True)
    counts = np.zeros((groups.max() + 1, len(labels)), dtype=np.int64)
    np.add.at(counts, (groups, codes), 1)
    return counts


def stratified_folds(
    y: ArrayLike, n_folds: int, seed: int, groups: ArrayLike | None = None
) -> tuple[list[Fold], str]:
    """Divide samples into folds, classes in proportion, groups whole.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.
    n_folds : int
        Fewer where a class has fewer samples or groups.
    seed : int
    groups : array-like of shape (n_samples,), optional
        Whom each sample is from.

    Returns
    -------
    folds : list of tuple of ndarray
        Rows to train on and rows to test on, every class in both.
    note : str
        Why the folds are fewer, if they are.

    Raises
    ------
    CohortError
        If the groups cannot be divided so that every class is on both sides.
    """
    y, shared = np.asarray(y), shared_groups(groups)
    if shared is None:
        smallest = min(Counter(y.tolist()).values())
        plain = StratifiedKFold(min(n_folds, smallest), shuffle=True, random_state=seed)
        fewer = f"{smallest} folds, as many as the smallest class has samples"
        return list(plain.split(y, y)), fewer if smallest < n_folds else ""
    n_classes = len(np.unique(y))
    smallest = int((group_counts(y, shared) > 0).sum(axis=0).min())
    for n in range(min(n_folds, smallest), 1, -1):
        grouped = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
        folds = list(grouped.split(y, y, shared))
        # where groups have samples of several classes, its folds may lack a class
        if all(len(np.unique(y[test])) == n_classes for _, test in folds):
            break
    else:
        n = 2
        half = set_aside(y, shared, 0.5, np.random.default_rng(seed))
        one, other = np.flatnonzero(half), np.flatnonzero(~half)
        folds = [(one, other), (other, one)]
    return folds, f"{n} folds, to have whole groups of every class in each" if n < n_folds else ""


def set_aside(
    y: ArrayLike,
    groups: ArrayLike,
    share: float,
    rng: np.random.Generator,
    n_left: int = 1,
) -> NDArray[np.bool_]:
    """Choose samples to be set aside, about the same share of every class, groups whole.

    Groups come in random order, and each is set aside if that brings the shares of the classes
    nearer to `share`. A class that has none then gives the group that departs least from it.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.
    groups : array-like of shape (n_samples,)
        Whom each sample is from.
    share : float
        Share of the samples of each class.
    rng : numpy.random.Generator
    n_left : int
        Groups of every class that are not set aside, at the least.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        Which samples are set aside: some of every class.

    Raises
    ------
    CohortError
        If the groups cannot be divided so that every class is on both sides.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    counts = group_counts(y, numbers)
    totals = counts.sum(axis=0)
    aside = np.zeros(len(counts), dtype=bool)

    def departure(more: NDArray[np.int64]) -> float:
        return float(np.abs((aside @ counts + more) / totals - share).sum())

    def can_go(group: int) -> bool:
        left = ~aside
        left[group] = False
        return bool(((counts[left] > 0).sum(axis=0) >= n_left).all())

    order = rng.permutation(len(counts))
    for group in order:
        if departure(counts[group]) < departure(0 * totals) and can_go(group):
            aside[group] = True
    for code in range(len(totals)):
        if not counts[aside, code].any():
            possible = [group for group in order if counts[group, code] and can_go(group)]
            if not possible:
                raise CohortError(
                    f"{len(counts)} groups ({totals.sum()} samples of {len(totals)} classes) "
                    "cannot be divided with whole groups of every class on both sides; samples of "
                    "further groups are needed"
                )
            aside[min(possible, key=lambda group: departure(counts[group]))] = True
    return aside[numbers]
