"""The paper's rules on training curves: cut, instability, speed, elbow.

Every rule is taken literally (paper, sections "Architectural considerations" and "Model
training"); where one does not apply, what was done instead is returned as a note, for the
training table. Where the released scripts have another rule, it can be chosen. The rules see the
points of a curve that `seen` leaves: every `Choice.curve_every` epochs.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

from evenomics.gan.settings import Choice

Floats = NDArray[np.float64]

_DEFAULTS = Choice()
# of the polynomial of the released scripts
DEGREE = 7


def seen(curve: Floats, choice: Choice) -> Floats:
    """Return the points of a curve, one per epoch, that the rules see."""
    return curve[choice.curve_every - 1 :: choice.curve_every]


class Cut(NamedTuple):
    """Where a curve ends for the rules.

    Attributes
    ----------
    length : int
        Points before the cut.
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


def window_of(n_points: int, choice: Choice) -> int:
    """Points averaged at either end: the setting, at most half of what was trained."""
    return max(1, min(choice.speed_window // choice.curve_every, n_points // 2))


def cut(curve: Floats, choice: Choice) -> Cut:
    """Cut a curve at its first value beyond the bounds.

    A crossing that leaves fewer than `window_of` epochs is a transient of the start, if the curve
    comes back between the bounds: the cut moves to the next crossing. One that is never come back
    from is a divergence, however early, and cuts the curve.

    Parameters
    ----------
    curve : ndarray of shape (n_points,)
        Finite values, as `seen`.
    choice : Choice
    """
    beyond = (curve > choice.cut_above) | (curve < choice.cut_below)
    crossings = np.flatnonzero(beyond & ~np.concatenate([[False], beyond[:-1]]))
    window = window_of(len(curve), choice)
    comes_back = crossings < np.flatnonzero(~beyond).max(initial=-1)
    cuts = crossings[(crossings >= window) | ~comes_back]
    length = int(cuts[0]) if len(cuts) else len(curve)
    notes, every = [], choice.curve_every
    if len(cuts) < len(crossings):
        notes.append(f"passed over a crossing at epoch {(crossings[0] + 1) * every}")
    if length < window:
        notes.append(f"diverged at epoch {(length + 1) * every} and never came back")
    return Cut(length, "; ".join(notes))


class Above(NamedTuple):
    """The last value of a curve before its first one below the threshold.

    Attributes
    ----------
    value : float
    epoch : int
        Its epoch; 0, the start, if the curve begins below the threshold: its first value counts.

    Examples
    --------
    >>> last_above(np.array([5.0, 4.0, 2.0, 6.0]), Choice(threshold=3.0))
    Above(value=4.0, epoch=2)
    """

    value: float
    epoch: int


def last_above(curve: Floats, choice: Choice) -> Above:
    """Return where a curve is last above the threshold; at its end if it never comes below.

    Parameters
    ----------
    curve : ndarray of shape (n_points,)
        As `seen`; at least one.
    choice : Choice
    """
    below = np.flatnonzero(curve < choice.threshold)
    n_before = int(below[0]) if len(below) else len(curve)
    return Above(float(curve[max(0, n_before - 1)]), n_before * choice.curve_every)


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
    """Mean of the first points minus mean of the last ones."""
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
    fitted : ndarray of shape (n_points,) or None
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


class _Fit(NamedTuple):
    """A fitted curve, where to look for its knee, and the shape that kneed is told it has."""

    x: Floats
    y: Floats
    shape: str
    direction: str


def _fit_exponential(x: Floats, curve: Floats) -> _Fit:
    """Fit a saturating exponential (RuntimeError or OptimizeWarning where that fails)."""
    n, spread = len(curve), np.ptp(curve)
    tenth = max(1, n // 10)
    start, end = curve[:tenth].mean(), curve[-tenth:].mean()
    bounds = (
        [curve.min() - 10 * spread, -20 * spread, 0.5],
        [curve.max() + 10 * spread, 20 * spread, 10.0 * x[-1]],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", OptimizeWarning)
        best, _ = curve_fit(saturating, x, curve, [end, start - end, x[-1] / 5], bounds=bounds)
    shape = ("convex", "decreasing") if best[1] > 0 else ("concave", "increasing")
    return _Fit(x, saturating(x, *best), *shape)


def _fit_polynomial(x: Floats, curve: Floats) -> _Fit:
    """Fit the released scripts' polynomial; the knee is looked for at every epoch but the last."""
    # on x scaled to -1 to 1: powers of thousands of epochs would drown the lower ones
    fitted = np.polynomial.Polynomial.fit(x, curve, DEGREE)
    epochs = np.arange(x[0], x[-1])
    # kneed's own default shape
    return _Fit(epochs, fitted(epochs), "concave", "decreasing")


def find_elbow(curve: Floats, choice: Choice = _DEFAULTS) -> Elbow:
    """Fit a curve and take its knee; fall back to the last epoch.

    Parameters
    ----------
    curve : ndarray of shape (n_points,)
        As `seen`, cut at divergence (see `cut`).
    choice : Choice
        Which curve to fit.
    """
    n = len(curve)
    last = n * choice.curve_every
    polynomial = choice.elbow == "polynomial"

    def fall_back(why: str, fitted: Floats | None = None) -> Elbow:
        return Elbow(last, "last before the cut", why, fitted)

    if n < (DEGREE + 2 if polynomial else 5):
        points = "epochs" if choice.curve_every == 1 else "points"
        return fall_back(f"{n} {points} are too few for a curve fit")
    if np.ptp(curve) <= 1e-12 * max(1.0, float(np.abs(curve).max())):
        return fall_back("the curve is flat")
    x = np.arange(1.0, n + 1) * choice.curve_every
    try:
        fit = _fit_polynomial(x, curve) if polynomial else _fit_exponential(x, curve)
    except (RuntimeError, OptimizeWarning) as error:
        return fall_back(f"curve fit failed: {error}")
    # kneed divides by the range of its input, and finds a knee in the noise of a straight line
    if np.ptp(fit.y) <= 1e-9 * max(1.0, float(np.abs(fit.y).max())):
        return fall_back("the fitted curve is flat", fit.y)
    # here, since it loads pyplot, which would take half a second of every job's start
    from kneed import KneeLocator

    knee = KneeLocator(fit.x, fit.y, curve=fit.shape, direction=fit.direction).knee
    if knee is None:
        return fall_back("the fitted curve has no elbow", fit.y)
    return Elbow(int(knee), "elbow", "", fit.y)
