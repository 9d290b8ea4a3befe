"""What an evaluation of the weights measures: how far generated samples are from real ones.

Also the diagnostics of a finished generator. Formulas are V-statistics over all pairs
(Szekely and Rizzo 2013 for the energy distance).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

# generated samples per evaluation
N_GENERATED = 100

Floats = NDArray[np.float64]


def energy_distance(x: Floats, y: Floats) -> float:
    """Energy distance 2 E|X-Y| - E|X-X'| - E|Y-Y'| of two samples.

    Parameters
    ----------
    x, y : ndarray of shape (n, n_features), (m, n_features)

    Returns
    -------
    float
        >= 0, in units of the features; 0 only for equal empirical distributions.
    """
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


def effective_rank(x: Floats) -> float:
    """Effective rank: exp of the entropy of the normalised singular values (Roy, Vetterli 2007).

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_features)
        Centred before the decomposition.

    Returns
    -------
    float
        Between 1 and min(n_samples - 1, n_features); 1 when all samples lie on a line.
    """
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    share = singular[singular > singular.max(initial=0.0) * 1e-12]
    if not share.size:
        return 1.0
    share = share / share.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def nearest_distance(x: Floats, y: Floats) -> float:
    """Median Euclidean distance from each sample of x to its nearest one of y; NaN if y is empty.

    Parameters
    ----------
    x, y : ndarray of shape (n, n_features), (m, n_features)
    """
    if not len(y):
        return float("nan")
    return float(np.median(cdist(x, y).min(axis=1)))
