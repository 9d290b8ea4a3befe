"""The corrected resampled t-test: outer splits of one table.

The correction is a rule of thumb. It is on the safe side for arms that are alike, and a little too
small for arms that have nothing in common (``bench/RESULTS.md``).

References
----------
Nadeau, Bengio 2003, Machine Learning 52:239, section 3.
"""

import numpy as np

from evenomics.evaluation.inference.difference import Difference
from evenomics.evaluation.metric import Floats


def corrected_resampled_t(differences: Floats, shared: float) -> Difference:
    """Test the mean of differences between two arms over splits.

    Splits correlate, as they have samples in common. Nadeau and Bengio take the share of the table
    that is for validation as the correlation: the variance of the mean is that among splits, times
    1 / J + shared / (1 - shared).

    Parameters
    ----------
    differences : ndarray of float, shape (J,)
        One per split, at least two.
    shared : float
        Share of the table that is for validation, in [0, 1): n_validation / n. So n_train of
        n_validation / n_train are all other samples, also where a draw takes only some of them
        (``bench/false_positives.py``).

    Returns
    -------
    Difference
        Its degrees of freedom are J - 1.

    Examples
    --------
    >>> found = corrected_resampled_t(np.array([0.01, 0.02, 0.03]), shared=0.25)
    >>> round(found.standard_error**2 * 1e4, 3)
    0.667
    """
    J = len(differences)
    factor = 1 / J + shared / (1 - shared)
    error = float(np.sqrt(differences.var(ddof=1) * factor))
    return Difference(float(differences.mean()), error, J - 1)
