"""Diagnostics of generated samples against brute force and closed forms."""

import numpy as np
import pytest
from scipy.stats import energy_distance as scipy_energy_distance

from evenomics.gan.distances import effective_rank, energy_distance, nearest_distance


def test_energy_distance_in_one_dimension_is_scipys_squared():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(1, 2, size=20)
    expected = scipy_energy_distance(x, y) ** 2
    assert energy_distance(x[:, None], y[:, None]) == pytest.approx(expected)


def test_energy_distance_over_all_pairs():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))

    def mean(a, b):
        return np.mean([np.linalg.norm(i - j) for i in a for j in b])

    expected = 2 * mean(x, y) - mean(x, x) - mean(y, y)
    assert energy_distance(x, y) == pytest.approx(expected)
    assert energy_distance(x, x) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 7])
def test_effective_rank_of_equal_singular_values_is_their_number(rank):
    rng = np.random.default_rng(2)
    centred = rng.normal(size=(20, rank))
    left = np.linalg.qr(centred - centred.mean(axis=0))[0]
    right = np.linalg.qr(rng.normal(size=(10, rank)))[0]
    assert effective_rank(5 + left @ right.T) == pytest.approx(rank)


def test_effective_rank_weighs_singular_values_not_their_squares():
    """3 and 1 are shares of 3/4 and 1/4, whose entropy is log 4 - 3/4 log 3."""
    x = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert effective_rank(x) == pytest.approx(4 / 3**0.75)


def test_effective_rank_of_copies_is_1():
    assert effective_rank(np.ones((5, 3))) == 1.0


def test_nearest_distance_is_the_median_over_samples():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(5, 2))
    expected = np.median([min(np.linalg.norm(i - j) for j in y) for i in x])
    assert nearest_distance(x, y) == pytest.approx(expected)
    assert np.isnan(nearest_distance(x, y[:0]))
