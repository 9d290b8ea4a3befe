"""Samples as classifiers and generators see them: scaled, with codes for their classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.data.cohort import Cohort
from evenomics.preparation.scaling import SkewScaler


@dataclass(frozen=True)
class Samples:
    """Scaled samples, the codes of their classes, and whom they are from, if that is known.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of int, shape (n_samples,)
        Code k is the k-th class of the study.
    groups : ndarray of shape (n_samples,) or None
    """

    X: NDArray[np.float64]
    y: NDArray[np.intp]
    groups: NDArray[np.object_] | None = None


def scaled_samples(cohort: Cohort, scaler: SkewScaler, classes: Sequence[str]) -> Samples:
    """Return the samples of a labelled cohort, scaled.

    Parameters
    ----------
    cohort : Cohort
    scaler : SkewScaler
        Fitted on the training draw.
    classes : sequence of str
        Classes of the study.
    """
    assert cohort.classes is not None
    codes = pd.Categorical(cohort.classes, categories=list(classes)).codes
    groups = None if cohort.groups is None else cohort.groups.to_numpy(dtype=object)
    return Samples(scaler.transform(cohort.features), codes.astype(np.intp), groups)
