"""The paper's rules on curves, against closed forms and other ways of computing them."""

import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from kneed import KneeLocator
from scipy.optimize import OptimizeWarning
from scipy.signal import argrelextrema

from evenomics.gan import curves
from evenomics.gan.settings import Choice

CHOICE = Choice()


def test_a_curve_ends_before_its_first_value_beyond_the_bounds():
    curve = np.zeros(2000)
    curve[1200:] = 15.1
    assert curves.cut(curve, CHOICE) == (1200, "")
    curve[900] = -10.1
    assert curves.cut(curve, CHOICE) == (900, "")
    assert curves.cut(np.full(2000, 15.0), CHOICE) == (2000, "")


def test_a_transient_at_the_start_is_passed_over_and_noted():
    """Fewer than 500 epochs would remain: the cut moves to the next crossing."""
    curve = np.zeros(2000)
    curve[50:60] = -40
    assert curves.cut(curve, CHOICE) == (2000, "passed over a crossing at epoch 51")
    curve[700] = 20
    assert curves.cut(curve, CHOICE) == (700, "passed over a crossing at epoch 51")


def test_a_curve_that_starts_beyond_the_bounds_is_cut_where_it_leaves_them_again():
    curve = np.r_[np.full(100, -40.0), np.zeros(900), np.full(500, 16.0)]
    assert curves.cut(curve, CHOICE).length == 1000


@pytest.mark.parametrize(
    ("pieces", "length", "note"),
    [
        ([(300, 0), (4700, 16)], 300, "diverged at epoch 301 and never came back"),
        ([(5000, -40)], 0, "diverged at epoch 1 and never came back"),
        (
            [(100, 0), (50, 16), (150, 0), (4700, -11)],
            300,
            "passed over a crossing at epoch 101; diverged at epoch 301 and never came back",
        ),
        ([(100, 0), (4899, 16), (1, 0)], 5000, "passed over a crossing at epoch 101"),
    ],
)
def test_a_divergence_at_the_start_is_no_transient_unless_the_curve_comes_back(
    pieces, length, note
):
    """Pieces are (epochs, value)."""
    curve = np.concatenate([np.full(n, float(value)) for n, value in pieces])
    assert curves.cut(curve, CHOICE) == (length, note)


@pytest.mark.parametrize(("n_epochs", "window"), [(5000, 500), (1000, 500), (400, 200), (1, 1)])
def test_speed_looks_at_500_epochs_or_half_of_a_short_run(n_epochs, window):
    assert curves.window_of(n_epochs, CHOICE) == window


def test_apexes_are_the_local_extremes():
    curve = np.random.default_rng(0).normal(size=300)
    at = np.sort(np.r_[argrelextrema(curve, np.greater)[0], argrelextrema(curve, np.less)[0]])
    np.testing.assert_array_equal(curves.apexes(curve), curve[at])


def test_a_plateau_is_one_apex():
    assert curves.apexes(np.array([0.0, 2, 2, 2, 1, 1, 3])).tolist() == [2, 1]


def test_instability_is_the_mean_of_the_50_largest_differences_between_apexes():
    curve = np.random.default_rng(1).normal(size=400)
    differences = np.abs(np.diff(curves.apexes(curve)))
    assert len(differences) > 100
    expected = np.mean(sorted(differences, reverse=True)[:50])
    assert curves.instability(curve, CHOICE) == pytest.approx(expected)
    assert curves.instability(np.arange(100.0), CHOICE) == 0
    assert curves.instability(np.array([0.0, 3, 1, 2]), CHOICE) == 2


def test_speed_is_the_fall_from_the_first_to_the_last_epochs():
    assert curves.speed(np.r_[np.full(500, 7.0), np.full(500, 3.0)], 500) == 4
    line = np.linspace(10, 0, 1001)
    assert curves.speed(line, 500) == pytest.approx(line[:500].mean() - line[-500:].mean())


@pytest.mark.parametrize("height", [8.0, -8.0])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_elbow_of_a_saturating_exponential(height, noise):
    """The knee of the normalised curve is where its slope is 1: tau * ln(n / tau / (1 - e^-n/tau)).

    Kneedle takes the maximum of y - x of the curve scaled to the unit square.
    """
    n, tau = 2000, 200.0
    x = np.arange(1, n + 1)
    rng = np.random.default_rng(0)
    curve = 2 + height * np.exp(-x / tau) + rng.normal(0, noise, n)
    found = curves.find_elbow(curve)
    expected = tau * np.log(n / tau / (1 - np.exp(-n / tau)))
    assert found.rule == "elbow"
    assert found.note == ""
    assert found.epoch == pytest.approx(expected, rel=0.02 if noise == 0 else 0.1)


@pytest.mark.parametrize(
    ("curve", "note"),
    [
        (np.zeros(4), "4 epochs are too few for a curve fit"),
        (np.full(100, 3.0), "the curve is flat"),
        (3 + 1e-10 * np.sin(np.arange(100)), "the fitted curve is flat"),
        (np.arange(20.0), "the fitted curve has no elbow"),
    ],
)
def test_without_an_elbow_the_last_epoch_before_the_cut_is_taken(curve, note):
    found = curves.find_elbow(curve)
    assert (found.epoch, found.rule) == (len(curve), "last before the cut")
    assert found.note == note


def test_a_fit_that_fails_falls_back_and_says_so(monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("no convergence")

    monkeypatch.setattr(curves, "curve_fit", fails)
    found = curves.find_elbow(np.exp(-np.arange(50) / 9))
    assert (found.epoch, found.rule) == (50, "last before the cut")
    assert found.note == "curve fit failed: no convergence"


def test_a_fit_that_scipy_only_warns_of_has_failed_as_well(monkeypatch):
    def warns(*_, **__):
        warnings.warn("no covariance", OptimizeWarning, stacklevel=2)
        return (0.0, 1.0, 9.0), None

    monkeypatch.setattr(curves, "curve_fit", warns)
    with warnings.catch_warnings():
        # as in a run, where warnings are not errors
        warnings.simplefilter("ignore")
        found = curves.find_elbow(np.exp(-np.arange(50) / 9))
    assert (found.epoch, found.rule) == (50, "last before the cut")
    assert found.note == "curve fit failed: no covariance"


def test_the_elbow_of_a_polynomial_is_the_knee_of_the_least_squares_fit():
    """On the points that are seen, in epochs; normal equations and kneed itself."""
    every, n = 20, 250
    choice = replace(CHOICE, elbow="polynomial", curve_every=every)
    x = every * np.arange(1, n + 1)
    rng = np.random.default_rng(0)
    curve = 6 * np.exp(-x / 700) - x / 2000 + rng.normal(0, 0.3, n)
    found = curves.find_elbow(curve, choice)
    # on x as it is: rational numbers do not round
    powers = [[Fraction(int(v)) ** k for k in range(8)] for v in x]
    gram = [[sum(p[i] * p[j] for p in powers) for j in range(8)] for i in range(8)]
    right = [sum(p[i] * Fraction(y) for p, y in zip(powers, curve, strict=True)) for i in range(8)]
    coefficients = solved(gram, right)
    epochs = np.arange(20, 5000)
    fitted = np.array(
        [float(sum(c * int(e) ** k for k, c in enumerate(coefficients))) for e in epochs]
    )
    np.testing.assert_allclose(found.fitted, fitted, rtol=1e-6)
    assert (found.epoch, found.rule) == (
        KneeLocator(epochs, fitted, direction="decreasing").knee,
        "elbow",
    )
    assert found.epoch != curves.find_elbow(curve, replace(choice, elbow="exponential")).epoch


def solved(matrix, right):
    """Solve linear equations by elimination, in whatever numbers they are."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(len(rows)):
            if j != i:
                rows[j] = [v - rows[j][i] * w for v, w in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def test_a_polynomial_needs_more_points_than_it_has_coefficients():
    choice = replace(CHOICE, elbow="polynomial", curve_every=20)
    found = curves.find_elbow(np.exp(-np.arange(8.0)), choice)
    assert found == (160, "last before the cut", "8 points are too few for a curve fit", None)
    assert curves.find_elbow(np.exp(-np.arange(9.0)), choice).fitted is not None


def test_a_curve_seen_every_20_epochs_is_that_of_its_points_in_epochs():
    """Cut, windows and elbow of the points stand for epochs."""
    choice = replace(CHOICE, curve_every=20)
    curve = 3 + 8 * np.exp(-np.arange(1, 4001) / 300)
    curve[600] = 99  # not at a 20th epoch
    points = curves.seen(curve, choice)
    np.testing.assert_array_equal(points, curve[19::20])
    assert curves.cut(points, choice) == (200, "")
    assert curves.window_of(200, choice) == 25
    whole = curves.find_elbow(np.delete(curve, 600))
    assert curves.find_elbow(points, choice).epoch == pytest.approx(whole.epoch, rel=0.03)
    points[5] = 16
    assert curves.cut(points, choice).note == "passed over a crossing at epoch 120"
    points[3:] = 16
    assert curves.cut(points, choice).note == "diverged at epoch 80 and never came back"


@pytest.mark.parametrize(
    ("curve", "found"),
    [
        ([9, 4, 3, 2.9, 5, 1], (3, 60)),  # 3 is not below 3, and what follows has no say
        ([2, 9, 1], (2, 0)),
        ([9, 8, 7], (7, 60)),
        ([2], (2, 0)),
    ],
)
def test_the_last_value_above_the_threshold(curve, found):
    """The start if the curve begins below it, the end if it never comes below."""
    assert curves.last_above(np.array(curve, float), replace(CHOICE, curve_every=20)) == found


def test_the_bounds_are_settings():
    curve = np.r_[np.zeros(1000), np.full(1000, 5.0)]
    assert curves.cut(curve, replace(CHOICE, cut_above=4.0)).length == 1000
