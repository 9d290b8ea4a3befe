"""Over-samplers: imbalanced-learn's own checks, and what each adds."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from scipy.stats import kstest
from sklearn.covariance import LedoitWolf, ledoit_wolf
from sklearn.svm import SVC

from evenomics.balancing.samplers import (
    ExpandedOverSampler,
    GaussianOverSampler,
    GeneratorOverSampler,
    SmoothedBootstrapOverSampler,
    WGANOverSampler,
)
from evenomics.gan.settings import GanSettings, Output

TINY = GanSettings.from_mapping(
    {
        "networks": {"hidden": [4]},
        "pretraining": {"epochs": [2], "critic_updates": [1], "dropout": [0.1]},
        "retraining": {
            "epochs_1": 4,
            "epochs_2": 4,
            "learning_rates_1": [0.001],
            "learning_rates_2": [0.0001],
        },
        "choice": {"rate_choice": "held_out", "epoch_choice": "held_out", "eval_every": 2},
    }
)


CHECKS = parametrize_with_checks(
    [
        GaussianOverSampler(random_state=0),
        WGANOverSampler(settings=TINY, random_state=0),
        ExpandedOverSampler(random_state=0),
        SmoothedBootstrapOverSampler(random_state=0),
    ]
)


# pytest wants a list where imbalanced-learn hands it a generator
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), ids=CHECKS.kwargs["ids"])
def test_imbalanced_learn_accepts_the_sampler(estimator, check):
    check(estimator)


class Constant:
    """A generator of one value."""

    def __init__(self, value):
        self.value = value

    def sample(self, n_samples, rng):
        return np.full((n_samples, 2), float(self.value))


@pytest.fixture
def three_classes():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [20, 8, 5])
    return rng.normal(size=(33, 2)) + y[:, None], y


def test_each_class_is_filled_up_by_its_own_generator(three_classes):
    X, y = three_classes
    sampler = GeneratorOverSampler({1: Constant(10), 2: Constant(20)}, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [20, 20, 20]
    np.testing.assert_array_equal(X_new[:33], X)
    assert np.unique(X_new[33:][y_new[33:] == 1]).tolist() == [10]
    assert np.unique(X_new[33:][y_new[33:] == 2]).tolist() == [20]


def test_a_class_without_generator_is_named(three_classes):
    with pytest.raises(
        ValueError, match="no generator for the class 2; there are generators for 1"
    ):
        GeneratorOverSampler({1: Constant(1)}).fit_resample(*three_classes)


@pytest.mark.parametrize(("multiplier", "size"), [(0.25, 25), (1.0, 40), (0.0, 20)])
def test_expansion_brings_all_classes_to_the_largest_and_its_multiple(
    three_classes, multiplier, size
):
    generators = {label: Constant(label) for label in range(3)}
    sampler = ExpandedOverSampler(GeneratorOverSampler(generators), multiplier=multiplier)
    X_new, y_new = sampler.fit_resample(*three_classes)
    assert np.bincount(y_new).tolist() == [size] * 3
    np.testing.assert_array_equal(X_new[:33], three_classes[0])


def test_gaussian_samples_have_the_mean_and_the_ledoit_wolf_covariance_of_their_class():
    """Against scikit-learn's estimate, with 200,000 draws."""
    rng = np.random.default_rng(1)
    minority = rng.normal(size=(15, 4)) @ rng.normal(size=(4, 4)) + 3
    X = np.vstack([rng.normal(size=(200_015, 4)), minority])
    y = np.repeat(["over", "under"], [200_015, 15])
    X_new, y_new = GaussianOverSampler(random_state=0).fit_resample(X, y)
    drawn = X_new[len(X) :]
    assert y_new[len(X) :].tolist() == ["under"] * 200_000
    covariance, _ = ledoit_wolf(minority)
    np.testing.assert_allclose(drawn.mean(axis=0), minority.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, rtol=0.02, atol=0.05)


def test_a_class_of_one_sample_is_copied():
    X = np.vstack([np.random.default_rng(0).normal(size=(5, 3)), [[1.0, 2.0, 3.0]]])
    X_new, _ = GaussianOverSampler().fit_resample(X, [0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(X_new[6:], np.tile([1.0, 2.0, 3.0], (4, 1)))


def smoothed(classes, n_new, **parameters):
    """Draw so many new samples of the last class."""
    y = np.repeat(range(len(classes)), [len(X) for X in classes])
    last = len(classes) - 1
    sampler = SmoothedBootstrapOverSampler(
        sampling_strategy={last: len(classes[last]) + n_new}, random_state=0, **parameters
    )
    X_new, y_new = sampler.fit_resample(np.concatenate(classes), y)
    assert (y_new[len(y) :] == last).all()
    return X_new[len(y) :]


@pytest.fixture(scope="module")
def classes():
    """Three classes with means and covariances of their own; the last one has eight samples."""
    rng = np.random.default_rng(3)
    return [
        10 * i + rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4))
        for i, n in enumerate((40, 15, 8))
    ]


def pooled(*groups):
    """Ledoit-Wolf covariance of residuals, by scikit-learn."""
    residuals = np.concatenate([X - X.mean(axis=0) for X in groups])
    return LedoitWolf(assume_centered=True).fit(residuals).covariance_


@pytest.mark.parametrize("h", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("with_external", [False, True])
def test_a_smoothed_bootstrap_has_the_moments_of_its_definition(classes, h, with_external):
    """Mean of the class; covariance (1 - h^2) of its samples plus h^2 of all residuals."""
    external = np.random.default_rng(4).normal(50, 3, size=(25, 4)) if with_external else None
    drawn = smoothed(classes, 200_000, bandwidth=h, external=external)
    groups = [*classes, external] if with_external else classes
    own = np.cov(classes[2].T, bias=True)
    expected = (1 - h**2) * own + h**2 * pooled(*groups)
    error = 5 * np.sqrt(np.diag(expected).max() / 200_000)
    np.testing.assert_allclose(drawn.mean(axis=0), classes[2].mean(axis=0), atol=error)
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.02 * np.diag(expected).max())


def test_bandwidth_0_copies_samples_and_1_draws_from_a_normal_distribution(classes):
    """Kolmogorov-Smirnov tells even the mixture of 0.9 from the normal distribution."""
    copies = smoothed(classes, 500, bandwidth=0.0)
    nearest = np.abs(copies[:, None] - classes[2]).max(axis=2)
    np.testing.assert_allclose(nearest.min(axis=1), 0, atol=1e-12)
    assert set(nearest.argmin(axis=1)) == set(range(8))
    # two clumps: far from normal until nothing is left of them
    clumps = [*classes[:2], np.repeat([[-20.0] * 4, [20.0] * 4], 4, axis=0)]
    sd = np.sqrt(np.diag(pooled(*clumps)))
    p_values = {
        h: [kstest(x, "norm", (0, s)).pvalue for x, s in zip(drawn.T, sd, strict=True)]
        for h in (0.9, 1.0)
        for drawn in [smoothed(clumps, 20_000, bandwidth=h)]
    }
    assert min(p_values[1.0]) > 0.001
    assert max(p_values[0.9]) < 1e-6


def test_a_smoothed_bootstrap_enlarges_several_classes_even_single_samples():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [9, 4, 1])
    X = rng.normal(size=(14, 3)) + 50 * y[:, None]
    X_new, y_new = SmoothedBootstrapOverSampler(bandwidth=0.3, random_state=0).fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [9, 9, 9]
    np.testing.assert_array_equal(X_new[:14], X)
    assert np.abs(X_new - 50 * y_new[:, None]).max() < 5
    assert len(np.unique(X_new, axis=0)) == 27


def test_a_wide_table_needs_no_matrix_of_all_pairs_of_features():
    rng = np.random.default_rng(0)
    wide = [rng.normal(size=(n, 20_000)) for n in (30, 10)]
    tracemalloc.start()
    drawn = smoothed(wide, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert drawn.shape == (20, 20_000)
    assert peak < 0.02 * 8 * 20_000**2


def test_wgan_samples_are_in_the_units_of_the_data_and_depend_on_the_seed_alone():
    rng = np.random.default_rng(2)
    X = rng.normal(1000, 5, size=(40, 6))
    y = np.repeat(["a", "b"], [28, 12])
    external = rng.normal(1000, 5, size=(30, 6))

    def drawn(seed):
        sampler = WGANOverSampler(external=external, settings=TINY, random_state=seed)
        return sampler.fit_resample(X, y)[0][40:], sampler

    first, sampler = drawn(1)
    assert first.shape == (16, 6)
    assert np.abs(first - 1000).max() < 100
    np.testing.assert_array_equal(drawn(1)[0], first)
    assert not np.array_equal(drawn(2)[0], first)
    assert [row["class"] for row in sampler.training_table_] == ["b"]


def test_wgan_pretrains_on_the_external_samples():
    """Other external samples, other GAN; a wrong number of features is named."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(30, 6)), np.repeat([0, 1], [20, 10])
    settings = replace(TINY)
    results = [
        WGANOverSampler(external=external, settings=settings, random_state=0).fit_resample(X, y)[0]
        for external in (None, rng.normal(size=(20, 6)) ** 3)
    ]
    assert not np.array_equal(*results)
    with pytest.raises(ValueError, match="external has 5 features, X has 6"):
        WGANOverSampler(external=X[:, :5], settings=settings).fit_resample(X, y)


def named_samples():
    """Training samples, their classes, and external samples, features on scales of their own."""
    rng = np.random.default_rng(5)
    columns, scale = ["a", "b", "c", "d"], [1, 10, 100, 1000]
    X = pd.DataFrame(rng.normal(size=(24, 4)) * scale, columns=columns)
    external = pd.DataFrame(rng.gamma(1, size=(20, 4)) * scale, columns=columns)
    return X, np.repeat([0, 1], [16, 8]), external


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(WGANOverSampler, {"settings": TINY}), (SmoothedBootstrapOverSampler, {})],
)
@pytest.mark.parametrize("expanded", [False, True])
def test_external_features_are_matched_by_name(expanded, kind, settings):
    """Another order, and further features, change nothing; inside another sampler as well."""
    X, y, external = named_samples()

    def drawn(external, X=X):
        sampler = kind(external=external, random_state=0, **settings)
        if expanded:
            sampler = ExpandedOverSampler(sampler, random_state=0)
        return sampler.fit_resample(X, y)[0]

    expected = drawn(external)
    assert expected.columns.tolist() == ["a", "b", "c", "d"]
    for same in (external[["d", "b", "a", "c"]], external.assign(z=1.0)[["z", *"dcba"]]):
        pd.testing.assert_frame_equal(drawn(same), expected)
    # by position where one of the two has no names
    np.testing.assert_array_equal(drawn(external.to_numpy()), expected)
    np.testing.assert_array_equal(drawn(external, X.to_numpy()), expected)


def test_external_features_that_do_not_match_are_named():
    X, y, external = named_samples()
    for wrong, message in (
        (external.rename(columns={"b": "B", "d": "D"}), r"lacks 2 of the 4 features .* 'b', 'd'"),
        (external[["a", "b", "b", "c", "d"]], r"has 5 features, X has 4; .* each name once"),
        (external.to_numpy()[:, :3], "external has 3 features, X has 4"),
    ):
        with pytest.raises(ValueError, match=message):
            WGANOverSampler(external=wrong, settings=TINY).fit_resample(X, y)


def test_in_a_pipeline_only_training_samples_are_balanced():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), np.repeat([0, 1], [20, 10])
    model = make_pipeline(GaussianOverSampler(random_state=0), SVC())
    assert len(model.fit(X, y).predict(X)) == 30
    assert model[-1].shape_fit_[0] == 40


def test_calibrated_samples_have_the_mean_of_their_class():
    """The networks train for next to nothing, and give it only where their output is set."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(3, 1, (1040, 4)), np.repeat([0, 1], [1020, 20])
    output = Output("class", "class", 0.5)
    means = []
    for calibrated in (False, True):
        sampler = WGANOverSampler(
            settings=replace(TINY, output=output), calibrated=calibrated, random_state=0
        )
        generated = sampler.fit_resample(X, y)[0][len(X) :]
        means.append((generated.mean(axis=0) - X[y == 1].mean(axis=0)) / X.std(axis=0))
    assert np.abs(means[0]).max() > 0.3
    assert np.abs(means[1]).max() < 0.15
