"""Division of training sets, with all samples of a group (e.g. a patient) on the same side.

Samples of one patient are alike. If a model is fitted on some of them and scored on the others, its
score is too high, and choices that are based on it are wrong.

Groups of one sample each change nothing.
"""

from collections import Counter

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from evenomics.errors import CohortError

#: Training rows and test rows.
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def shared_groups(groups: ArrayLike | None) -> NDArray[np.intp] | None:
    """Return the number of each sample's group; None if no group has two samples.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None
        Group of each sample.

    Returns
    -------
    ndarray of int, shape (n_samples,), or None
        From 0.
    """
    if groups is None:
        return None
    names, numbers = np.unique(groups, return_inverse=True)
    return None if len(names) == len(numbers) else numbers


def group_counts(y: ArrayLike, groups: NDArray[np.intp]) -> NDArray[np.int64]:
    """Count the samples of each group and class.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.
    groups : ndarray of int, shape (n_samples,)
        Numbers of the groups, from 0.

    Returns
    -------
    ndarray of int, shape (n_groups, n_classes)
        Classes in sorted order.
    """
    labels, codes = np.unique(y, return_inverse=True)
    counts = np.zeros((groups.max() + 1, len(labels)), dtype=np.int64)
    np.add.at(counts, (groups, codes), 1)
    return counts


def stratified_folds(
    y: ArrayLike, n_folds: int, seed: int, groups: ArrayLike | None = None
) -> tuple[list[Fold], str]:
    """Divide samples into folds with classes in proportion and whole groups.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.
    n_folds : int
        Fewer where a class has fewer samples or groups.
    seed : int
    groups : array-like of shape (n_samples,), optional
        Group of each sample, e.g. its patient.

    Returns
    -------
    folds : list of tuple of ndarray
        Training rows and test rows, every class in both.
    note : str
        Why there are fewer folds than asked for; empty otherwise.

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
        # if groups have samples of several classes, its folds may lack a class
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
    """Choose samples to be held out: whole groups, about the same share of every class.

    Groups are visited in random order. Each is held out if that brings the shares of the classes
    closer to `share`. Of a class without any, the group that departs least from it is held out.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.
    groups : array-like of shape (n_samples,)
        Group of each sample, e.g. its patient.
    share : float
        Share of the samples of each class.
    rng : numpy.random.Generator
    n_left : int
        Least number of groups of every class that are not held out.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        Whether a sample is held out; some of every class are.

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
