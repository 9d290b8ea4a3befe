"""A difference between two arms: how sure it is, and which one would have been found."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats


@dataclass(frozen=True)
class Difference:
    """A difference of means and its error.

    Attributes
    ----------
    estimate, standard_error : float
        In the unit of the metric.
    df : float
        Degrees of freedom of the standard error; may be infinite.

    Examples
    --------
    >>> found = Difference(0.03, 0.01, 9)
    >>> round(found.p_value, 3), [round(float(bound), 3) for bound in found.interval()]
    (0.015, [0.007, 0.053])
    """

    estimate: float
    standard_error: float
    df: float

    @property
    def t(self) -> float:
        """The estimate in standard errors; NaN where there is no error."""
        return self.estimate / self.standard_error if self.standard_error > 0 else float("nan")

    @property
    def p_value(self) -> float:
        """Two-sided, of Student's t."""
        return float(2 * stats.t.sf(abs(self.t), self.df))

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Return the interval that holds the true difference with probability 1 - level."""
        margin = float(stats.t.isf(level / 2, self.df)) * self.standard_error
        return self.estimate - margin, self.estimate + margin

    def detectable(self, level: float = 0.05, power: float = 0.8) -> float:
        """Return the smallest true difference that the test finds with this probability.

        References
        ----------
        Bloom 1995, Evaluation Review 19:547 (minimum detectable effect).
        """
        multiple = stats.t.isf(level / 2, self.df) + stats.t.ppf(power, self.df)
        return float(multiple * self.standard_error)


def adjusted(p_values: pd.Series) -> pd.Series:
    """Adjust p-values by Benjamini-Hochberg; missing ones do not count.

    Parameters
    ----------
    p_values : Series of float
        Of one family.

    Returns
    -------
    Series of float
        With the same index.

    References
    ----------
    Benjamini, Hochberg 1995, Journal of the Royal Statistical Society B 57:289.
    """
    tested = p_values.notna()
    found = pd.Series(np.nan, index=p_values.index)
    if tested.any():
        found[tested] = stats.false_discovery_control(p_values[tested], method="bh")
    return found
