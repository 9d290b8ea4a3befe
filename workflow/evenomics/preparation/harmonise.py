"""Harmonise cohorts: remove technical differences, with the real cohort as reference.

No method uses classes. Therefore, if cohorts differ in the proportions of their classes, part of
the class difference is taken for a difference between cohorts, and removed.

Features of the validation cohort are used, without its classes. The real and the external cohort do
not depend on the validation cohort, so training learns nothing of it. With `zscore` and ComBat,
however, a validation sample depends on the other samples of its cohort (transductive): scores hold
for a cohort that is harmonised as a whole, not for a single patient.

ComBat runs in R, with the package sva: see ``scripts/combat.R``.

A new method is a module in `evenomics.preparation.harmonisations` that registers a function with
`harmonisation`, and an entry in ``config/schema/names.yaml``.
"""

from collections.abc import Callable, Mapping

import numpy as np

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import nearest, some
from evenomics.registry import Registry

#: The cohort that the others are brought to.
REFERENCE = "real"

Method = Callable[[Mapping[str, Cohort]], dict[str, Cohort]]

#: The methods by their names in the config, without ComBat, which is a rule in R.
METHODS: Registry[Method] = Registry("harmonisations", "evenomics.preparation.harmonisations")


def harmonisation(name: str) -> Callable[[Method], Method]:
    """Return a decorator that registers a method.

    Parameters
    ----------
    name : str
        Name in the config.
    """
    return lambda method: METHODS.register(name, method)


def harmonise(cohorts: Mapping[str, Cohort], method: str) -> dict[str, Cohort]:
    """Harmonise cohorts by a method of `METHODS`.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        ``real`` and others, with the same features in the same order.
    method : str
        ``zscore`` or ``quantile``.

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    ConfigError
        If there is no such method.
    CohortError
        If the cohorts cannot be harmonised.
    """
    if method not in METHODS:
        raise ConfigError(f"no method {method!r} to harmonise cohorts; {nearest(method, METHODS)}")
    return METHODS[method](cohorts)


def cohort_share(cohorts: Mapping[str, Cohort]) -> float:
    """Return the share of the variance that is between cohorts, a measure of batch effects.

    Sum of squares between cohorts over total sum of squares (eta squared), averaged over the
    features that are not constant; between 0 and 1. Without a batch effect, about (number of
    cohorts - 1) / (number of samples - 1) is expected.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        Cohorts with the same features in the same order.
    """
    matrices = [cohort.features.to_numpy() for cohort in cohorts.values()]
    pooled = np.vstack(matrices)
    centre = pooled.mean(axis=0)
    between = sum(len(matrix) * (matrix.mean(axis=0) - centre) ** 2 for matrix in matrices)
    varies = np.ptp(pooled, axis=0) > 0
    total = ((pooled - centre) ** 2).sum(axis=0)
    return float(np.mean(np.asarray(between)[varies] / total[varies]))


def check(cohorts: Mapping[str, Cohort]) -> None:
    """Raise a CohortError unless all cohorts have the features of the real one, in its order."""
    features = cohorts[REFERENCE].features.columns
    problems = [
        f"{cohort.place}: {cohort.n_features} features ({some(cohort.features.columns)}), the real "
        f"cohort has {len(features)} ({some(features)})"
        for cohort in cohorts.values()
        if not cohort.features.columns.equals(features)
    ]
    if problems:
        raise CohortError(
            "cohorts to be harmonised need the same features in the same order; align them first:",
            problems,
        )
