"""The paper's rules on training curves: cut, instability, speed, elbow.

Every rule is taken literally (paper, sections "Architectural considerations" and "Model
training"); where one does not apply, what was done instead is returned as a note, for the
training table.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

from evenomics.gan.settings import Choice

Floats = NDArray[np.float64]


class Cut(NamedTuple):
    """Where a curve ends for the rules.

    Attributes
    ----------
    length : int
        Epochs before the cut.
    note : str
        Says if a crossing at the start was passed over, or was none to be passed over; else empty.

    Examples
    --------
    >>> curve = np.array([9.0, 8.0, 7.0, 6.0, 20.0, 30.0])
    >>> cut(curve, Choice(speed_window=2)).length
    4
    """

    length: int
    note: str


def window_of(n_epochs: int, choice: Choice) -> int:
    """Epochs averaged at either end: the setting, at most half of what was trained."""
    return max(1, min(choice.speed_window, n_epochs // 2))


def cut(curve: Floats, choice: Choice) -> Cut:
    """Cut a curve at its first value beyond the bounds.

    A crossing that leaves fewer than `window_of` epochs is a transient of the start, if the curve
    comes back between the bounds: the cut moves to the next crossing. One that is never come back
    from is a divergence, however early, and cuts the curve.

    Parameters
    ----------
    curve : ndarray of shape (n_epochs,)
        Finite values, one per epoch.
    choice : Choice
    """
    beyond = (curve > choice.cut_above) | (curve < choice.cut_below)
    crossings = np.flatnonzero(beyond & ~np.concatenate([[False], beyond[:-1]]))
    window = window_of(len(curve), choice)
    comes_back = crossings < np.flatnonzero(~beyond).max(initial=-1)
    cuts = crossings[(crossings >= window) | ~comes_back]
    length = int(cuts[0]) if len(cuts) else len(curve)
    notes = []
    if len(cuts) < len(crossings):
        notes.append(f"passed over a crossing at epoch {crossings[0] + 1}")
    if length < window:
        notes.append(f"diverged at epoch {length + 1} and never came back")
    return Cut(length, "; ".join(notes))


def apexes(curve: Floats) -> Floats:
    """Local extremes of a curve, in order; a plateau counts once."""
    steps = np.diff(curve)
    moving = np.flatnonzero(steps)
    turns = np.flatnonzero(np.diff(np.sign(steps[moving])))
    return curve[moving[turns] + 1]


def instability(curve: Floats, choice: Choice) -> float:
    """Mean of the largest differences between neighbouring apexes; 0 for a monotonous curve."""
    differences = np.sort(np.abs(np.diff(apexes(curve))))
    return float(differences[-choice.n_differences :].mean()) if len(differences) else 0.0


def speed(curve: Floats, window: int) -> float:
    """Mean of the first epochs minus mean of the last ones."""
    return float(curve[:window].mean() - curve[-window:].mean())


class Elbow(NamedTuple):
    """The epoch that the elbow rule chose.

    Attributes
    ----------
    epoch : int
        1-based.
    rule : {"elbow", "last before the cut"}
    note : str
        Why the rule fell back; else empty.
    fitted : ndarray of shape (n_epochs,) or None
        The fitted curve.

    Examples
    --------
    >>> epochs = np.arange(200)
    >>> found = find_elbow(saturating(epochs, level=1.0, height=8.0, tau=20.0))
    >>> found.rule, found.epoch
    ('elbow', 47)
    """

    epoch: int
    rule: str
    note: str
    fitted: Floats | None


def saturating(x: Floats, level: float, height: float, tau: float) -> Floats:
    """Saturating exponential level + height * exp(-x / tau); falls or rises with the height."""
    return level + height * np.exp(-x / tau)


def find_elbow(curve: Floats) -> Elbow:
    """Fit a saturating exponential and take its knee; fall back to the last epoch.

    Parameters
    ----------
    curve : ndarray of shape (n_epochs,)
        Cut at divergence (see `cut`).
    """
    n = len(curve)

    def fall_back(why: str, fitted: Floats | None = None) -> Elbow:
        return Elbow(n, "last before the cut", why, fitted)

    if n < 5:
        return fall_back(f"{n} epochs are too few for a curve fit")
    x = np.arange(1.0, n + 1)
    tenth = max(1, n // 10)
    start, end = curve[:tenth].mean(), curve[-tenth:].mean()
    spread = np.ptp(curve)
    if spread <= 1e-12 * max(1.0, float(np.abs(curve).max())):
        return fall_back("the curve is flat")
    bounds = (
        [curve.min() - 10 * spread, -20 * spread, 0.5],
        [curve.max() + 10 * spread, 20 * spread, 10.0 * n],
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)
            best, _ = curve_fit(saturating, x, curve, [end, start - end, n / 5], bounds=bounds)
    except (RuntimeError, OptimizeWarning) as error:
        return fall_back(f"curve fit failed: {error}")
    fitted = saturating(x, *best)
    # kneed divides by the range of its input, and finds a knee in the noise of a straight line
    if np.ptp(fitted) <= 1e-9 * max(1.0, float(np.abs(fitted).max())):
        return fall_back("the fitted curve is flat", fitted)
    # here, since it loads pyplot, which would take half a second of every job's start
    from kneed import KneeLocator

    shape = ("convex", "decreasing") if best[1] > 0 else ("concave", "increasing")
    knee = KneeLocator(x, fitted, curve=shape[0], direction=shape[1]).knee
    if knee is None:
        return fall_back("the fitted curve has no elbow", fitted)
    return Elbow(int(knee), "elbow", "", fitted)
