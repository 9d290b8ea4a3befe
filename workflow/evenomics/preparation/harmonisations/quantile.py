"""Harmonise by quantile normalisation, per sample."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from evenomics.data.cohort import Cohort
from evenomics.preparation.harmonise import REFERENCE, check, harmonisation


@harmonisation("quantile")
def quantile(cohorts: Mapping[str, Cohort]) -> dict[str, Cohort]:
    """Give every sample the distribution of values that the real cohort has on average.

    The k-th smallest value of a sample becomes the mean of the k-th smallest values of all samples
    of the real cohort; tied values get the value of their mean rank. A sample depends only on
    itself and the real cohort. The real cohort is normalised, too.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        ``real`` and others, with the same features in the same order
        (`evenomics.data.checks.align`).
        Features have to be of one kind and unit (e.g. log2 intensities of genes): the method
        assumes that samples have the same distribution of values.

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
    check(cohorts)
    target = np.sort(cohorts[REFERENCE].features.to_numpy(), axis=1).mean(axis=0)

    def normalised(values: pd.DataFrame) -> pd.DataFrame:
        ranks = rankdata(values.to_numpy(), axis=1)  # from 1, ties averaged
        numbers = np.interp(ranks, np.arange(1, len(target) + 1), target)
        return pd.DataFrame(numbers, index=values.index, columns=values.columns)

    return {
        name: replace(cohort, features=normalised(cohort.features))
        for name, cohort in cohorts.items()
    }
