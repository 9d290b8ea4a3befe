"""The skew-test scaler: decided by SciPy's test, undone without loss, safe on degenerate data."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.preprocessing import PowerTransformer, RobustScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenomics.cohort import Cohort
from evenomics.scaling import SkewScaler, fit_scaler, fit_scalers


@pytest.fixture
def mixed() -> np.ndarray:
    """Features that alternate between normal and log-normal."""
    X = np.random.default_rng(3).normal(2.0, 1.0, (60, 20))
    X[:, ::2] = np.exp(X[:, ::2])
    return X


@parametrize_with_checks([SkewScaler(), SkewScaler(unskewed="standard")])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
def test_each_feature_is_scaled_by_the_rule_that_the_skew_test_chooses(mixed, unskewed):
    other = {"robust": RobustScaler, "standard": StandardScaler}[unskewed]
    scaler = SkewScaler(unskewed=unskewed)
    scaled = scaler.fit_transform(mixed)
    for i, column in enumerate(mixed.T):
        skewed = stats.skewtest(column).pvalue < 0.05
        rule = PowerTransformer() if skewed else other()
        np.testing.assert_allclose(
            scaled[:, i], rule.fit_transform(column[:, None])[:, 0], rtol=1e-8, atol=1e-10
        )
        assert scaler.skewed_[i] == skewed
    assert scaler.skewed_[::2].all()
    assert not scaler.skewed_[1::2].all()


def test_level_of_the_test_is_a_setting(mixed):
    assert not SkewScaler(alpha=0.0).fit(mixed).skewed_.any()
    assert SkewScaler(alpha=1.0).fit(mixed).skewed_.all()
    with pytest.raises(ValueError, match="'robust' or 'standard', found 'minmax'"):
        SkewScaler(unskewed="minmax").fit(mixed)


def test_inverse_brings_back_training_and_new_samples(mixed):
    scaler = SkewScaler().fit(mixed[:40])
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(mixed)), mixed, rtol=1e-8)


def test_json_keeps_every_digit(mixed):
    frame = pd.DataFrame(mixed, columns=[f"f{i}" for i in range(20)])
    scaler = SkewScaler(alpha=0.1, unskewed="standard").fit(frame)
    read = SkewScaler.from_json(scaler.to_json())
    assert json.loads(read.to_json()) == json.loads(scaler.to_json())
    assert read.get_params() == scaler.get_params()
    np.testing.assert_array_equal(read.transform(frame), scaler.transform(frame))
    generated = frame - 5.0
    np.testing.assert_array_equal(
        read.inverse_transform(generated), scaler.inverse_transform(generated)
    )
    with pytest.raises(ValueError, match="feature names"):
        read.transform(frame.iloc[:, ::-1])


def test_fewer_than_eight_samples_have_no_skew_test(mixed):
    assert not SkewScaler(alpha=1.0).fit(mixed[:7]).skewed_.any()
    assert SkewScaler(alpha=1.0).fit(mixed[:8]).skewed_.all()


def test_constant_features_are_only_centred():
    X = np.full((20, 2), 0.1)
    scaler = SkewScaler().fit(X)
    np.testing.assert_array_equal(scaler.scale_, 1.0)
    np.testing.assert_allclose(scaler.transform(X + 2.0), 2.0)


def test_zero_interquartile_range_is_replaced_by_the_standard_deviation():
    X = np.zeros((101, 1))
    X[:5], X[-5:] = -1e6, 1e6  # symmetric, hence not skewed
    scaler = SkewScaler().fit(X)
    assert not scaler.skewed_[0]
    np.testing.assert_allclose(scaler.transform(X), X / X.std())


def _degenerate() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    gamma = rng.gamma(0.5, 1.0, (24, 1))
    cases = {f"unit {unit:g}": gamma * unit for unit in (1e-60, 1e-12, 1e-6, 1e6, 1e30, 1e60)}
    return {
        **cases,
        "heavy left tail": -(gamma**4) * 1e5,
        "one spike": np.r_[np.zeros((23, 1)), [[1e8]]],
        "offset": 1e9 + gamma,
        "negative offset": -1e9 - gamma,
        "forty orders of magnitude": np.exp(rng.normal(0, 20, (24, 1))),
        "negative, forty orders": -np.exp(rng.normal(0, 20, (24, 1))),
        "rounding noise": 0.1 + rng.normal(0, 1e-17, (24, 1)),
        "one sample": gamma[:1],
        "two samples": gamma[:2],
    }


@pytest.mark.parametrize("case", _degenerate())
def test_degenerate_features_stay_finite_and_can_be_undone(case):
    X = _degenerate()[case]
    scaler = SkewScaler().fit(X)
    scaled = scaler.transform(X)
    assert np.abs(scaled).max() < 1e3
    back = scaler.inverse_transform(scaled)
    assert np.abs(back - X).max() <= 1e-6 * np.abs(X).max()
    generated = np.sort(np.random.default_rng(0).normal(0, 100, (50, 1)), axis=0)
    undone = scaler.inverse_transform(generated)
    assert np.isfinite(undone).all()
    assert (np.diff(undone[:, 0]) >= 0).all(), "larger scaled values have to stay larger"


def test_power_transform_that_degenerates_is_left_out_and_logged(caplog):
    X = 1e9 + np.random.default_rng(0).gamma(0.5, 1.0, (200, 1))
    assert not SkewScaler().fit(X).skewed_[0]
    assert "1 skewed features left without power transform" in caplog.text


def test_generated_values_without_counterpart_end_near_the_training_range():
    X = -np.random.default_rng(0).gamma(0.3, 1.0, (100, 1))
    scaler = SkewScaler().fit(X)
    assert scaler.lambdas_[0] > 2, "the image of the transform is then bounded below"
    lowest = scaler.inverse_transform([[-1e6]])[0, 0]
    np.testing.assert_allclose(lowest, X.min() - 10 * np.ptp(X))


def test_beyond_the_training_range_the_power_transform_goes_on_as_its_tangent():
    """Straight on both sides, with the slope that it has at the end; and back."""
    rng = np.random.default_rng(0)
    X = 1.0 - rng.gamma(0.5, 0.002, (200, 1))
    scaler = SkewScaler().fit(X)
    assert scaler.lambdas_[0] > 30, "half a width outside, the power would be in the thousands"
    width = np.ptp(X)
    for end, away in ((X.max(), 1), (X.min(), -1)):
        steps = end + away * width * np.array([[-1e-7], [0], [0.5], [1], [2]])
        scaled = scaler.transform(steps)[:, 0]
        slopes = np.diff(scaled) / np.diff(steps[:, 0])
        np.testing.assert_allclose(slopes, slopes[0], rtol=1e-4)
        np.testing.assert_allclose(scaler.inverse_transform(scaled[:, None]), steps, rtol=1e-9)


def _cohort(name: str, n: int, loc: float = 0.0) -> Cohort:
    X = np.random.default_rng(n).normal(loc, 1.0, (n, 3))
    index = pd.Index([f"{name}{i}" for i in range(n)], name="sample_id")
    return Cohort(pd.DataFrame(X, index, columns=list("abc")), name=name)


def test_scalers_are_fitted_on_some_external_samples_and_on_the_whole_draw():
    external, draw = _cohort("external", 300), _cohort("c40_i0.4", 56, loc=5.0)
    first, second = fit_scalers(external, draw, unskewed="standard", alpha=0.0, seed=1)
    np.testing.assert_allclose(second.center_, draw.features.mean())
    some = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=200, seed=1)
    np.testing.assert_array_equal(first.center_, some.center_)
    assert (first.center_ != external.features.mean().to_numpy()).all()
    other = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=200, seed=2)
    assert (first.center_ != other.center_).all()
    whole = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=300)
    np.testing.assert_allclose(whole.center_, external.features.mean())
