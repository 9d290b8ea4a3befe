"""Bring cohorts that were measured apart onto the scale of the real one.

No method looks at a class. The price: where cohorts differ in the shares of their classes, part of
the difference between classes is taken for a difference between cohorts, and is taken away.

Validation features are used, if without labels. The external and the real cohort come out the same
whatever the validation cohort, so training learns nothing of it. With `zscore` and ComBat, however,
a validation sample's values depend on the others of its cohort (transductive): scores then hold for
a cohort that is harmonised as a whole, not for a single patient.

ComBat is R's own, of the package sva: see ``scripts/combat.R``.
"""

import logging
from collections.abc import Callable, Mapping

import numpy as np

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import nearest, some
from evenomics.registry import Registry

logger = logging.getLogger(__name__)


REFERENCE = "real"


Method = Callable[[Mapping[str, Cohort]], dict[str, Cohort]]

#: The methods in Python by their names in the config; ComBat is a rule in R.
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
    """Return the share of the variance that lies between cohorts, a measure of batch effects.

    Sum of squares between cohorts over total sum of squares (eta squared), averaged over the
    features that are not constant; between 0 and 1. With no batch effect about (number of
    cohorts - 1) / (number of samples - 1) are expected.

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
            "cohorts need the same features in the same order to be harmonised; align them first:",
            problems,
        )
