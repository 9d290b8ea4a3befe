"""Harmonise by z-scores, per feature."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.messages import some
from evenomics.preparation.harmonise import REFERENCE, check, harmonisation

logger = logging.getLogger(__name__)


@harmonisation("zscore")
def zscore(cohorts: Mapping[str, Cohort]) -> dict[str, Cohort]:
    """Give every feature of every cohort the mean and the standard deviation of the real cohort.

    A cohort is standardised by its own samples (mean 0, SD 1) and brought to the mean and SD of the
    real one: x -> mean_real + sd_real * (x - mean) / sd. The real cohort does not change, nor do
    units. A feature that is constant in a cohort gets the mean of the real one, and the log says
    so.

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
    check(cohorts)
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
        # constant by its values: rounding gives a constant feature an SD a little above 0
        constant = values.max() == values.min()
        if constant.any():
            logger.warning(
                "%s: %d features are constant; they get the mean of the real cohort, but have no "
                "SD to match: %s",
                cohort.place,
                constant.sum(),
                some(values.columns[constant]),
            )
        ratio = (real.std() / values.std().mask(constant)).fillna(0.0)
        matched = values.sub(values.mean()).mul(ratio).add(real.mean())
        harmonised[name] = replace(cohort, features=matched)
    return {name: harmonised[name] for name in cohorts}
