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
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import nearest, some

logger = logging.getLogger(__name__)


REFERENCE = "real"


def zscore(cohorts: Mapping[str, Cohort]) -> dict[str, Cohort]:
    """Give every feature of every cohort the mean and the standard deviation of the real cohort.

    A cohort is standardised by its own samples (mean 0, SD 1) and brought to the mean and SD of the
    real one: x -> mean_real + sd_real * (x - mean) / sd. The real cohort stays as it is, and units
    stay. A feature that is constant in a cohort gets the real mean only, and the log says so.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        ``real`` and others, with the same features in the same order
        (`evenomics.data.checks.align`).

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    CohortError
        If features differ, or a cohort has fewer than two samples.
    """
    _check(cohorts)
    real = cohorts[REFERENCE].features
    problems = [
        f"{cohort.place} has {cohort.n_samples} sample(s), two are needed for a standard deviation"
        for cohort in cohorts.values()
        if cohort.n_samples < 2
    ]
    if problems:
        raise CohortError("cohorts cannot be harmonised by z-scores:", problems)
    harmonised = {REFERENCE: cohorts[REFERENCE]}
    for name, cohort in cohorts.items():
        if name == REFERENCE:
            continue
        values = cohort.features
        # by its values, since rounding gives a constant feature an SD a little above 0
        constant = values.max() == values.min()
        if constant.any():
            logger.warning(
                "%s: %d features are constant; they get the mean of the real cohort, but have no "
                "spread to be matched: %s",
                cohort.place,
                constant.sum(),
                some(values.columns[constant]),
            )
        ratio = (real.std() / values.std().mask(constant)).fillna(0.0)
        matched = values.sub(values.mean()).mul(ratio).add(real.mean())
        harmonised[name] = replace(cohort, features=matched)
    return {name: harmonised[name] for name in cohorts}


def quantile(cohorts: Mapping[str, Cohort]) -> dict[str, Cohort]:
    """Give every sample the distribution of values that the real cohort has on average.

    The k-th smallest value of a sample becomes the mean of the k-th smallest values of all samples
    of the real cohort; values that are tied get what their mean rank gets. A sample's values depend
    on itself and the real cohort only. The real cohort is normalised, too.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        ``real`` and others, with the same features in the same order
        (`evenomics.data.checks.align`).
        Features have to be of one kind and unit (e.g. log2 intensities of genes): the method takes
        for granted that most of them are alike in all samples.

    Returns
    -------
    dict of str to Cohort

    Raises
    ------
    CohortError
        If features differ.

    Notes
    -----
    Source: Bolstad, Irizarry, Astrand, Speed 2003; for the real cohort alone this is
    ``limma::normalizeQuantiles``.
    """
    _check(cohorts)
    target = np.sort(cohorts[REFERENCE].features.to_numpy(), axis=1).mean(axis=0)

    def normalised(values: pd.DataFrame) -> pd.DataFrame:
        ranks = rankdata(values.to_numpy(), axis=1)  # from 1, ties averaged
        numbers = np.interp(ranks, np.arange(1, len(target) + 1), target)
        return pd.DataFrame(numbers, index=values.index, columns=values.columns)

    return {
        name: replace(cohort, features=normalised(cohort.features))
        for name, cohort in cohorts.items()
    }


METHODS: dict[str, Callable[[Mapping[str, Cohort]], dict[str, Cohort]]] = {
    "zscore": zscore,
    "quantile": quantile,
}


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


def _check(cohorts: Mapping[str, Cohort]) -> None:
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
