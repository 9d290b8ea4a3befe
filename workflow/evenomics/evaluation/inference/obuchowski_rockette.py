"""The test of Obuchowski and Rockette: arms x training draws on one validation cohort.

In radiology several readers read the same cases with several devices. Here training draws are the
readers, validation samples the cases, and arms the devices. The test asks whether arms would differ
for other draws and other validation samples. It takes readers for independent. Training draws from
one cohort are not: they have samples in common, and the part of the error that is due to draws does
not shrink with their number as it does for readers. `obuchowski_rockette` corrects for it.

The correction: let two draws share s of their samples, and let the difference between arms be any
symmetric function of a draw. Then its correlation between draws is at most s (Hoeffding 1948), and
close to s where samples act one by one. If v is the variance that is due to draws, (1 - s) v is
seen among draws that correlate by s, and v (1 + (J - 1) s) / J is the variance of their mean. That
is 1 / J + s / (1 - s) times what is seen, the factor of Nadeau and Bengio 2003.

References
----------
Obuchowski, Rockette 1995, Communications in Statistics - Simulation and Computation 24:285.
Hillis 2007, Statistics in Medicine 26:596 (denominator and its degrees of freedom).
Hoeffding 1948, Annals of Mathematical Statistics 19:293, theorem 5.2.
Nadeau, Bengio 2003, Machine Learning 52:239.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evenomics.evaluation.inference.difference import Difference
from evenomics.evaluation.metric import Floats


@dataclass(frozen=True)
class ObuchowskiRockette:
    """What the test found, for t arms and J draws.

    Attributes
    ----------
    means : ndarray of float, shape (t,)
        Means of the arms over draws.
    n_draws : int
        J.
    ms_arm, ms_arm_draw : float
        Mean squares of arms, and of the interaction of arms and draws.
    variance, cov1, cov2, cov3 : float
        By validation samples: mean variance; mean covariance between arms in the same draw, between
        draws with the same arm, and with neither the same.
    denominator : float
        Of F.
    df : float
        Degrees of freedom of the denominator.

    Examples
    --------
    >>> values = np.array([[0.7, 0.8, 0.9], [0.6, 0.7, 0.9], [0.6, 0.7, 0.8]])
    >>> test = obuchowski_rockette(values, np.zeros((3, 3, 10)))
    >>> round(test.F, 6), test.df, round(test.p_value, 3)
    (7.0, 4.0, 0.049)
    """

    means: Floats
    n_draws: int
    ms_arm: float
    ms_arm_draw: float
    variance: float
    cov1: float
    cov2: float
    cov3: float
    denominator: float
    df: float

    @property
    def F(self) -> float:
        """The statistic; NaN where nothing varies."""
        return self.ms_arm / self.denominator if self.denominator > 0 else float("nan")

    @property
    def p_value(self) -> float:
        """Of the hypothesis that all arms are equal."""
        return float(stats.f.sf(self.F, len(self.means) - 1, self.df))

    def difference(self, a: int, b: int) -> Difference:
        """Return arm a minus arm b, by their positions."""
        error = np.sqrt(2 / self.n_draws * self.denominator)
        return Difference(float(self.means[a] - self.means[b]), float(error), self.df)


def obuchowski_rockette(
    values: Floats, contributions: Floats, shared: float = 0.0
) -> ObuchowskiRockette:
    """Test whether arms differ.

    Parameters
    ----------
    values : ndarray of float, shape (t, J)
        The metric of every arm in every draw; at least two of each.
    contributions : ndarray of float, shape (t, J, n_samples)
        Of the same validation samples to the errors of `values` (see `contributions`).
    shared : float
        Share of the samples of a draw that another draw has, too, in [0, 1). At 0 the test is that
        of Hillis.

    Returns
    -------
    ObuchowskiRockette

    Examples
    --------
    >>> values = np.array([[0.7, 0.8, 0.9], [0.6, 0.7, 0.9]])
    >>> test = obuchowski_rockette(values, np.zeros((2, 3, 10)))
    >>> round(test.difference(0, 1).t, 6), test.df  # a paired t-test, had validation no error
    (2.0, 2.0)
    """
    t, J = values.shape
    means, of_draws = values.mean(axis=1), values.mean(axis=0)
    ms_arm = J * means.var(ddof=1)
    rest = values - means[:, None] - of_draws + values.mean()
    ms_arm_draw = (rest**2).sum() / ((t - 1) * (J - 1))

    covariance = np.einsum("ajn,bkn->abjk", contributions, contributions)
    same_arm = np.eye(t, dtype=bool)[:, :, None, None]
    same_draw = np.eye(J, dtype=bool)
    variance, cov1, cov2, cov3 = (
        float(covariance[same].mean())
        for same in (
            same_arm & same_draw,
            ~same_arm & same_draw,
            same_arm & ~same_draw,
            ~same_arm & ~same_draw,
        )
    )
    due_to_draws = max(ms_arm_draw - (variance - cov1 - cov2 + cov3), 0.0)
    among_draws = ms_arm_draw + J * shared / (1 - shared) * due_to_draws
    denominator = among_draws + max(J * (cov2 - cov3), 0.0)
    # Satterthwaite: only what is estimated among draws is uncertain
    df = np.inf
    if among_draws > 0:
        df = (t - 1) * (J - 1) * (denominator / among_draws) ** 2
    return ObuchowskiRockette(
        means, J, float(ms_arm), float(ms_arm_draw), variance, cov1, cov2, cov3,
        float(denominator), float(df),
    )  # fmt: skip
