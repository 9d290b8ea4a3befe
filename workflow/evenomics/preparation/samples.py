"""Samples as classifiers and GANs get them: scaled, with codes for their classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.data.cohort import Cohort
from evenomics.preparation.scaling import SkewScaler


@dataclass(frozen=True)
class Samples:
    """Scaled samples with the codes of their classes and, if known, their groups.

    Attributes
    ----------
    X : ndarray of float, shape (n_samples, n_features)
        Scaled values.
    y : ndarray of int, shape (n_samples,)
        Codes of the classes; code k is the k-th class of the study, from 0.
    groups : ndarray of object, shape (n_samples,), or None
        Group of each sample, e.g. its patient.

    Examples
    --------
    >>> values = pd.DataFrame({"g1": [3.0, 1.0, 2.0]}, index=["s1", "s2", "s3"])
    >>> cohort = Cohort(values, pd.Series(["case", "control", "case"], index=values.index))
    >>> samples = scaled_samples(cohort, SkewScaler().fit(values), ["control", "case"])
    >>> samples.X.ravel().tolist(), samples.y.tolist()
    ([1.0, -1.0, 0.0], [1, 0, 1])
    """

    X: NDArray[np.float64]
    y: NDArray[np.intp]
    groups: NDArray[np.object_] | None = None


def scaled_samples(cohort: Cohort, scaler: SkewScaler, classes: Sequence[str]) -> Samples:
    """Scale the samples of a labelled cohort.

    Parameters
    ----------
    cohort : Cohort
    scaler : SkewScaler
        Fitted on the training draw.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    Samples
        In the order of the cohort.
    """
    assert cohort.classes is not None
    codes = pd.Categorical(cohort.classes, categories=list(classes)).codes
    groups = None if cohort.groups is None else cohort.groups.to_numpy(dtype=object)
    return Samples(scaler.transform(cohort.features), codes.astype(np.intp), groups)
