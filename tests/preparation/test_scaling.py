"""The skew-test scaler: decided by SciPy's test, undone without loss, safe on degenerate data."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import PowerTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort
from evenomics.data.delimited import LARGEST
from evenomics.preparation.scaling import SkewScaler, fit_scaler


@pytest.fixture
def mixed() -> np.ndarray:
    """Features that alternate between normal and log-normal."""
    X = np.random.default_rng(3).normal(2.0, 1.0, (60, 20))
    X[:, ::2] = np.exp(X[:, ::2])
    return X


@parametrize_with_checks(
    [SkewScaler(), SkewScaler(unskewed="standard"), SkewScaler(power_transform="plain")]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
def test_each_feature_is_scaled_by_the_rule_that_the_skew_test_chooses(mixed, unskewed):
    """SciPy's test decides; scikit-learn's transforms, fitted feature by feature, say the rest."""
    other = {"robust": RobustScaler, "standard": StandardScaler}[unskewed]
    mixed[:, 2] *= -1
    scaler = SkewScaler(unskewed=unskewed)
    scaled = scaler.fit_transform(mixed)
    for i, column in enumerate(mixed.T):
        test = stats.skewtest(column)
        skewed = test.pvalue < 0.05
        if skewed:
            sign = np.sign(test.statistic)
            distance = sign * column - (sign * column).min()
            unit = np.quantile(distance[distance > 0], 0.1)
            expected = sign * PowerTransformer().fit_transform(distance[:, None] / unit)[:, 0]
        else:
            expected = other().fit_transform(column[:, None])[:, 0]
        np.testing.assert_allclose(scaled[:, i], expected, rtol=1e-6, atol=1e-7)
        assert scaler.skewed_[i] == skewed
    assert scaler.skewed_[::2].all()
    assert not scaler.skewed_[1::2].all()


def test_level_of_the_test_is_a_setting(mixed):
    assert not SkewScaler(alpha=0.0).fit(mixed).skewed_.any()
    assert SkewScaler(alpha=1.0).fit(mixed).skewed_.all()
    with pytest.raises(ValueError, match="'robust' or 'standard', found 'minmax'"):
        SkewScaler(unskewed="minmax").fit(mixed)
    with pytest.raises(ValueError, match="'bounded' or 'plain', found 'log'"):
        SkewScaler(power_transform="log").fit(mixed)


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


def test_scaled_values_depend_on_no_unit_offset_or_sign():
    """A feature scales to the same numbers in any unit, on any offset, and upside down."""
    X = np.exp(np.random.default_rng(0).normal(0, [0.5, 1.0, 2.0], (100, 3)))
    expected = SkewScaler().fit_transform(X)
    for unit in (1e-6, 1e4, 1e8):
        np.testing.assert_allclose(SkewScaler().fit_transform(unit * X), expected, rtol=1e-5)
    for offset in (-1e6, 1e6):
        moved = SkewScaler().fit_transform(X + offset)
        np.testing.assert_allclose(moved, expected, atol=1e-6)
    np.testing.assert_allclose(SkewScaler().fit_transform(-X), -expected, rtol=1e-5)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0, 4.0])
def test_log_normal_intensities_become_normal(sigma):
    """The correlation with the logarithm, which is normal, is all but 1."""
    logs = np.random.default_rng(0).normal(0, sigma, 200)
    scaled = SkewScaler().fit_transform(1e4 * np.exp(logs)[:, None])
    assert np.corrcoef(scaled[:, 0], logs)[0, 1] > 0.98


def _degenerate() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    gamma = rng.gamma(0.5, 1.0, (24, 1))
    cases = {f"unit {unit:g}": gamma * unit for unit in (1e-60, 1e-12, 1e-6, 1e6, 1e30, 1e60)}
    normal, share = rng.normal(0, 1, (150, 1)), rng.random((150, 1))
    for unit in (1e-6, 1.0, 1e4, 1e8):
        cases |= {
            f"log-normal, narrow, unit {unit:g}": unit * np.exp(0.1 * normal),
            f"log-normal, wide, unit {unit:g}": unit * np.exp(4 * normal),
            f"log-normal on an offset, unit {unit:g}": unit * (1e6 + np.exp(normal)),
            f"mostly zeros, unit {unit:g}": unit * np.where(share < 0.8, 0, np.exp(2 * normal)),
            f"outliers, unit {unit:g}": unit * np.r_[normal, [[1e3], [1e8]]],
            f"outliers on both sides, unit {unit:g}": unit * np.r_[normal, [[-1e6], [1e8]]],
        }
    return {
        **cases,
        "zeros and rounding noise": np.where(share < 0.5, 1e-17 * normal, np.exp(normal)),
        "spike among hundreds": np.r_[np.zeros((400, 1)), [[1.0]]],
        "exponent 0": np.expm1(np.arange(20.0))[:, None],
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
    """None beyond 10, each undone to a millionth of its range; every skewed one transformed."""
    X = _degenerate()[case]
    scaler = SkewScaler().fit(X)
    scaled = scaler.transform(X)
    assert np.abs(scaled).max() < 10 + 1e-9
    back = scaler.inverse_transform(scaled)
    assert np.abs(back - X).max() <= 1e-6 * np.ptp(X)
    if np.ptp(X) > 1e-9 * np.abs(X).max() and len(X) >= 8:
        unit = (X - X.min()) / np.ptp(X)
        assert scaler.skewed_[0] == (stats.skewtest(unit[:, 0]).pvalue < 0.05)
    generated = np.sort(np.random.default_rng(0).normal(0, 100, (50, 1)), axis=0)
    undone = scaler.inverse_transform(generated)
    assert np.isfinite(undone).all()
    assert (np.diff(undone[:, 0]) >= 0).all(), "larger scaled values have to stay larger"


def test_most_likely_exponent_is_bounded_where_it_could_not_be_undone():
    """Two values apart from each other would want an exponent without end."""
    X = np.r_[np.zeros((97, 1)), np.ones((3, 1))]
    scaler = SkewScaler().fit(X)
    np.testing.assert_allclose(scaler.lambdas_, -18 / np.log(2), rtol=1e-5)
    np.testing.assert_allclose(scaler.transform(X), StandardScaler().fit_transform(X), rtol=1e-7)


def test_no_training_value_lies_beyond_ten():
    """Beyond ten interquartile ranges it is the SD that divides, and where it has to, the end."""
    X = np.tile(np.linspace(-1, 1, 200), 2)
    wide = np.r_[X, [-20.0] * 4, [20.0] * 4][:, None]
    scaler = SkewScaler().fit(wide)
    assert not scaler.skewed_[0]
    np.testing.assert_allclose(scaler.scale_, wide.std())
    spike = np.r_[np.zeros(400), 1.0][:, None]
    assert StandardScaler().fit_transform(spike).max() > 19
    for unskewed in ("robust", "standard"):
        for alpha in (0.0, 0.05):
            scaler = SkewScaler(alpha=alpha, unskewed=unskewed)
            assert scaler.fit_transform(spike).max() == pytest.approx(10)


def test_features_that_floats_cannot_hold_are_refused_by_name():
    """Neither the scaler nor its JSON ever hold a number that is not finite."""
    frame = pd.DataFrame({"a": np.arange(20.0), "big": 1e200, "tiny": np.arange(20) % 2 * 5e-324})
    frame["big"] *= np.random.default_rng(0).standard_cauchy(20)
    with pytest.raises(ValueError, match=r"2 features cannot be scaled.*'big', 'tiny'; give them"):
        SkewScaler(alpha=0.0, unskewed="standard").fit(frame)
    with pytest.raises(ValueError, match=r"1 features cannot be scaled.*: 0; give them"):
        SkewScaler().fit([[-1.7e308], [1.7e308]])


def test_json_of_another_version_is_refused(mixed):
    state = json.loads(SkewScaler().fit(mixed).to_json())
    del state["origin_"], state["unit_"]
    with pytest.raises(ValueError, match="'origin_', 'unit_' is missing; fit it again"):
        SkewScaler.from_json(json.dumps(state))


def test_generated_values_without_counterpart_end_near_the_training_range():
    X = -np.random.default_rng(0).pareto(0.3, (100, 1))
    scaler = SkewScaler().fit(X)
    lowest = scaler.inverse_transform([[-1e6]])[0, 0]
    np.testing.assert_allclose(lowest, X.min() - 10 * np.ptp(X))


def test_beyond_the_training_range_the_power_transform_goes_on_as_its_tangent():
    """Straight on both sides, with the slope that it has at the end; and back."""
    rng = np.random.default_rng(0)
    X = 1.0 - rng.gamma(0.5, 0.002, (200, 1))
    scaler = SkewScaler().fit(X)
    width = np.ptp(X)
    assert width > -scaler.unit_[0], "the power is not defined so far above the training range"
    for end, away in ((X.max(), 1), (X.min(), -1)):
        steps = end + away * width * np.array([[-1e-7], [0], [0.5], [1], [2]])
        scaled = scaler.transform(steps)[:, 0]
        slopes = np.diff(scaled) / np.diff(steps[:, 0])
        np.testing.assert_allclose(slopes, slopes[0], rtol=1e-3)
        np.testing.assert_allclose(scaler.inverse_transform(scaled[:, None]), steps, rtol=1e-9)


def _papers_scaled(
    training: np.ndarray, others: np.ndarray, unskewed: str = "robust"
) -> list[np.ndarray]:
    """Scale with scikit-learn alone: Yeo-Johnson where skewed, robust or standard elsewhere."""
    scaled = [training.copy(), others.copy()]
    other = {"robust": RobustScaler, "standard": StandardScaler}[unskewed]
    for i, column in enumerate(training.T):
        skewed = stats.skewtest(column).pvalue < 0.05
        rule = (PowerTransformer if skewed else other)().fit(column[:, None])
        for X in scaled:
            X[:, [i]] = rule.transform(X[:, [i]])
    return scaled


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
def test_the_plain_transform_is_that_of_scikit_learn(mixed, unskewed):
    """In original units, both tails and signs, far beyond the training range; and back."""
    mixed[:, 2] *= -1
    mixed[:, 4] -= 5
    mixed[:, 1] = np.arange(60) % 15 == 0  # no interquartile range
    others = np.r_[mixed[::-1], mixed * 3, -mixed, mixed + 100]
    scaler = SkewScaler(unskewed=unskewed, power_transform="plain").fit(mixed)
    training, new = _papers_scaled(mixed, others, unskewed)
    np.testing.assert_allclose(scaler.transform(mixed), training, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(scaler.transform(others), new, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(scaler.unit_, 1.0)
    back = scaler.inverse_transform(scaler.transform(mixed))
    np.testing.assert_allclose(back, mixed, rtol=1e-7, atol=1e-9)
    assert (
        np.abs(new).max() > np.abs(SkewScaler(unskewed=unskewed).fit(mixed).transform(others)).max()
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_the_plain_transform_ends_where_numbers_do(sign):
    """New samples end at 1e30; generated ones without counterpart ten widths beyond the range."""
    X = sign * np.random.default_rng(0).pareto(0.3, (100, 1))
    scaler = SkewScaler(power_transform="plain").fit(X)
    found = scaler.inverse_transform([[sign * 1e6]])[0, 0]
    np.testing.assert_allclose(found, sign * (np.abs(X).max() + 10 * np.ptp(X)), rtol=1e-6)
    left = -sign * np.random.default_rng(0).gamma(0.5, 0.1, (200, 1)) + sign
    scaler = SkewScaler(power_transform="plain").fit(left)
    assert scaler.transform([[sign * 1e20]])[0, 0] == sign * 1e30


def test_the_plain_transform_is_a_setting_that_a_file_keeps():
    external = _cohort("external", 60)
    external.features.iloc[:, 0] = np.exp(external.features.iloc[:, 0])
    scaler = fit_scaler(external, power_transform="plain")
    training, _ = _papers_scaled(external.features.to_numpy(), external.features.to_numpy())
    np.testing.assert_allclose(scaler.transform(external.features), training, rtol=1e-7)
    assert SkewScaler.from_json(scaler.to_json()).power_transform == "plain"


@pytest.mark.parametrize("study", ["lipidomics", "lipidomics_lasso"])
def test_svc_on_lipids_does_as_well_as_with_the_papers_scaler(shared_data: Path, study):
    """Nine in ten lipids are skewed, many are zeros in most samples, some have far outliers."""
    folder = shared_data / "cusworth_released" / study
    real, validation = (read_cohort(folder / f"{name}.tsv.gz") for name in ("real", "validation"))
    others = validation.features[real.features.columns]
    scaler = SkewScaler().fit(real.features)
    ours = [scaler.transform(real.features), scaler.transform(others)]
    assert np.abs(ours[0]).max() < 10
    aurocs = []
    for training, test in (ours, _papers_scaled(real.features.to_numpy(), others.to_numpy())):
        model = SVC().fit(training, real.classes == "case")
        aurocs.append(roc_auc_score(validation.classes == "case", model.decision_function(test)))
    assert aurocs[0] > aurocs[1] - 0.02


def _cohort(name: str, n: int, loc: float = 0.0) -> Cohort:
    X = np.random.default_rng(n).normal(loc, 1.0, (n, 3))
    index = pd.Index([f"{name}{i}" for i in range(n)], name="sample_id")
    return Cohort(pd.DataFrame(X, index, columns=list("abc")), name=name)


def test_a_scaler_is_fitted_on_as_many_samples_as_are_asked_for():
    """Of the external cohort some, drawn at random; of a draw all."""
    external, draw = _cohort("external", 300), _cohort("c40_i0.4", 56, loc=5.0)
    second = fit_scaler(draw, unskewed="standard", alpha=0.0)
    np.testing.assert_allclose(second.center_, draw.features.mean())
    first = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=200, seed=1)
    assert (first.center_ != external.features.mean().to_numpy()).all()
    other = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=200, seed=2)
    assert (first.center_ != other.center_).all()
    whole = fit_scaler(external, unskewed="standard", alpha=0.0, n_samples=300)
    np.testing.assert_allclose(whole.center_, external.features.mean())


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
def test_the_largest_numbers_of_a_table_can_be_scaled(unskewed):
    """Scaler and scaled samples are finite, in float32 too, for shapes of many kinds."""
    rng = np.random.default_rng(0)
    for n in (3, 20, 2000):
        values = np.column_stack(
            [rng.normal(size=n), rng.lognormal(0, 3, n), -rng.lognormal(0, 1, n), rng.random(n),
             np.arange(n) == 0, np.arange(n) % 2 * 2 - 1]
        )  # fmt: skip
        values *= LARGEST / np.abs(values).max(axis=0)
        scaler = SkewScaler(unskewed=unskewed).fit(values)
        assert not {"NaN", "Infinity"} & {*re.findall(r"[A-Za-z]+", scaler.to_json())}
        scaled = scaler.transform(values)
        assert np.isfinite(scaled.astype(np.float32)).all()
        assert np.isfinite(scaler.inverse_transform(scaled)).all()
