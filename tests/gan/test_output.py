"""What is set in a generator's output after training: closed forms, large samples, scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.covariance import ledoit_wolf

from evenomics.gan import output
from evenomics.gan.generator import Generator, Noise
from evenomics.gan.networks import initial_weights
from evenomics.gan.output import Moments, set_output
from evenomics.gan.serialization import load_generator, save_generator
from evenomics.gan.settings import Output

P = 6
OFF = Output("trained", "trained", 0)


@pytest.fixture
def generator():
    weights = initial_weights(P, (4, 5), np.random.default_rng(0))
    weights.generator[:] += np.random.default_rng(1).normal(0, 0.3, weights.generator.size)
    return Generator.from_weights(weights)


@pytest.fixture
def draw():
    """Draw a class of 9 samples, and others of 12 and 15, of unequal means and SDs."""
    rng = np.random.default_rng(2)
    return [
        rng.normal(mean, np.linspace(0.5, 2, P) * sd, (n, P))
        for n, mean, sd in ((9, 3, 1), (12, -1, 2), (15, 0, 1.5))
    ]


def many(generator, n=200_000):
    return generator.sample(n, np.random.default_rng(7))


@pytest.mark.parametrize("mean", ["trained", "class", "shrunk"])
@pytest.mark.parametrize("sd", ["trained", "class", "pooled", "shrunk"])
def test_mean_and_sd_are_those_asked_for(generator, draw, mean, sd):
    """In a large sample of other noise than they were set by; formulas written out once more."""
    samples, *others = draw
    n, n_all, n_classes = len(samples), sum(map(len, draw)), len(draw)
    within = sum(((x - x.mean(0)) ** 2).sum(0) for x in draw) / (n_all - n_classes)
    own, overall = samples.var(0, ddof=1), np.concatenate(draw).mean(0)
    towards = samples.mean(0) - overall
    stein = (1 - 2 / P) * within.sum() * (1 / n - 1 / n_all) / (towards**2).sum()
    share = min(1, 2 / (n - 1) * (own**2).sum() / ((own - within) ** 2).sum())
    before = many(generator)
    expected_mean = {
        "trained": before.mean(0),
        "class": samples.mean(0),
        "shrunk": samples.mean(0) - stein * towards,
    }[mean]
    expected_sd = {
        "trained": before.std(0),
        "class": np.sqrt(own),
        "pooled": np.sqrt(within),
        "shrunk": np.sqrt((1 - share) * own + share * within),
    }[sd]
    after = many(set_output(generator, samples, others, Output(mean, sd, 0)))
    np.testing.assert_allclose((after.mean(0) - expected_mean) / expected_sd, 0, atol=0.03)
    np.testing.assert_allclose(after.std(0) / expected_sd, 1, atol=0.03)


def test_weights_of_shrinkage_by_hand():
    """Means 1 and 6 of 2 and 3 samples, variances 2 and 4, in 4 features."""
    cases, controls = np.tile([[0.0], [2]], 4), np.tile([[4.0], [6], [8]], 4)
    moments = Moments.of(cases, [controls])
    # pooled variance 10/3; overall mean 4; by chance (1 - 2/4) 4 (10/3) (1/2 - 1/5) = 2, of 4 3^2
    assert moments.mean_shrinkage == pytest.approx(2 / 36)
    assert moments.variance_shrinkage == 1  # 4 (2 2^2 / 1) is more than 4 (2 - 10/3)^2
    controls[:] = 50 * (controls - 6)
    # pooled variance (2 + 2 10000) / 3
    expected = 2 * 2**2 / (2 - 20002 / 3) ** 2
    assert Moments.of(cases, [controls]).variance_shrinkage == pytest.approx(expected)


def test_a_mean_that_differs_by_chance_only_is_given_up():
    """The distance by chance is that of classes with the same mean, on average."""
    rng = np.random.default_rng(3)
    scale = np.linspace(0.5, 2, 50)
    distances, by_chance = [], []
    for _ in range(2000):
        a, b = rng.normal(0, scale, (5, 50)), rng.normal(0, scale, (20, 50))
        moments = Moments.of(a, [b])
        distances.append(((moments.mean - moments.overall) ** 2).sum())
        by_chance.append(moments.within.sum() * (1 / 5 - 1 / 25))
    assert np.mean(by_chance) == pytest.approx(np.mean(distances), rel=0.02)
    shrunk = moments.mean_for("shrunk", moments.mean)
    towards = moments.overall - moments.mean
    np.testing.assert_allclose(shrunk, moments.mean + moments.mean_shrinkage * towards)
    same = Moments.of(a, [a])
    assert same.mean_shrinkage == 1


def test_one_sample_has_the_sd_within_classes(generator, draw):
    one, other = draw[0][:1], draw[1]
    after = many(set_output(generator, one, [other], Output("class", "shrunk", 0)))
    np.testing.assert_allclose(after.std(0) / other.std(0, ddof=1), 1, atol=0.03)


@pytest.mark.parametrize("n_others", [3, 40])
def test_noise_has_the_ledoit_wolf_covariance_within_classes(generator, draw, n_others):
    """As scikit-learn has it; with fewer and with more samples than features."""
    h, samples = 0.6, draw[0][:2]
    others = np.random.default_rng(4).normal(size=(n_others, P)) * np.arange(1, P + 1)
    set_ = set_output(generator, samples, [others], Output("class", "class", h))
    residuals = np.concatenate([x - x.mean(0) for x in (samples, others)])
    expected, shrinkage = ledoit_wolf(residuals, assume_centered=True)
    assert 0 < shrinkage < 1
    found = set_.noise.factor.T @ set_.noise.factor + set_.noise.sd**2 * np.eye(P)
    np.testing.assert_allclose(found, h**2 * expected, rtol=1e-10)
    # what is kept is no sample's residual: triangular
    np.testing.assert_array_equal(set_.noise.factor, np.triu(set_.noise.factor))
    x = many(set_)
    total = (1 - h**2) * samples.var(0, ddof=1) + h**2 * expected.diagonal()
    np.testing.assert_allclose(x.var(0) / total, 1, atol=0.04)
    without = many(replace(set_, noise=None))
    np.testing.assert_allclose(
        np.cov(x.T) - np.cov(without.T), h**2 * expected, atol=0.04 * h**2 * expected.max()
    )


def test_all_noise_is_the_smoothed_bootstrap_of_bandwidth_1(generator, draw):
    """A normal distribution about the class mean: nothing of the generator is left."""
    samples, *others = draw
    x = set_output(generator, samples, others, Output("class", "class", 1)).sample(
        5, np.random.default_rng(5)
    )
    other = set_output(
        replace(generator, parameters=generator.parameters * 2), samples, others,
        Output("class", "class", 1),
    ).sample(5, np.random.default_rng(5))  # fmt: skip
    np.testing.assert_allclose(x, other)


def test_a_feature_that_is_constant_stays_so(generator, draw):
    samples, *others = draw
    column = slice(-P * 5 - P, -P)  # the output layer's matrix
    generator.parameters[column].reshape(5, P)[:, 2] = 0
    after = many(set_output(generator, samples, others, Output("class", "class", 0)), 100)
    np.testing.assert_allclose(after[:, 2], samples[:, 2].mean(), rtol=1e-12)


def test_what_is_off_changes_nothing(generator, draw):
    assert set_output(generator, draw[0], draw[1:], OFF) is generator


def test_moments_do_not_depend_on_how_much_is_taken_at_a_time(generator, monkeypatch):
    monkeypatch.setattr(output, "N_MOMENTS", 1003)
    x = generator.sample(1003, np.random.default_rng(0))
    mean, sd = output._generated_moments(generator)
    np.testing.assert_allclose((mean, sd), (x.mean(0), x.std(0)), rtol=1e-10)
    monkeypatch.setattr(output, "N_NUMBERS", 7 * P)
    rng = np.random.default_rng(0)
    sizes = [7] * 143 + [2]
    x = np.concatenate([generator.sample(n, rng) for n in sizes])
    mean, sd = output._generated_moments(generator)
    np.testing.assert_allclose((mean, sd), (x.mean(0), x.std(0)), rtol=1e-10)


def test_the_file_keeps_both_outputs(generator, draw, tmp_path):
    plain, path = tmp_path / "plain.safetensors", tmp_path / "both.safetensors"
    set_ = set_output(generator, draw[0], draw[1:], Output("class", "pooled", 0.5))
    save_generator(plain, generator, {})
    save_generator(path, replace(generator, calibrated=set_), {})
    assert [*load_file(plain)] == ["parameters"]
    np.testing.assert_array_equal(load_file(plain)["parameters"], load_file(path)["parameters"])
    found = load_generator(path)
    assert load_generator(plain).calibrated is None
    assert found.noise is None
    for before, after in ((generator, found), (set_, found.calibrated)):
        x, y = (one.sample(50, np.random.default_rng(6)) for one in (before, after))
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)
    # the calibrated one can be a file of its own
    save_generator(plain, found.calibrated, {})
    again = load_generator(plain)
    np.testing.assert_array_equal(again.noise.factor, found.calibrated.noise.factor)
    assert isinstance(again.noise, Noise)
    assert again.calibrated is None
