"""The built-in simulator against the closed forms of Umpire's model and against real draws of it.

A Kolmogorov-Smirnov test at a fixed seed holds each distribution to its form; what one model
draws is few, so many models are pooled.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evenomics.data.simulate import ClusterModel
from evenomics.randomness import stream

LEVEL = 1e-3


@pytest.fixture(scope="module")
def models() -> list[ClusterModel]:
    return [ClusterModel.draw_parameters(stream(1, "test", i)) for i in range(400)]


@pytest.fixture(scope="module")
def umpire(shared_data) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    """Truth, samples and clusters of the real Umpire draws."""
    draws = []
    for i in (1, 2, 3):
        data = pd.read_csv(shared_data / "umpire" / f"rep{i}.csv.gz")
        truth = pd.read_csv(shared_data / "umpire" / f"rep{i}.truth.csv")
        clusters = data.pop("cluster").to_numpy() - 1
        draws.append((truth, data.to_numpy(), clusters))
    return draws


def model_of(truth: pd.DataFrame, clusters: np.ndarray) -> ClusterModel:
    """Return the model with the parameters that Umpire reports."""
    first = truth.drop_duplicates("block")
    return ClusterModel(
        prevalence=np.bincount(clusters) / len(clusters),
        block=truth["block"].to_numpy() - 1,
        hits=first[["hit1", "hit2"]].to_numpy().T.astype(bool),
        mean=truth["mu_base"].to_numpy(),
        shifted_mean=truth["mu_altered"].to_numpy(),
        sd=truth["sd_block"].to_numpy(),
        correlation=first["rho"].to_numpy(),
        noise_sd=truth["tau"].to_numpy(),
    )


def parameters(model: ClusterModel) -> dict[str, np.ndarray]:
    return {
        "mean": model.mean,
        "shift": model.shifted_mean - model.mean,
        "sd": model.sd,
        "noise_sd": model.noise_sd,
        "correlation": model.correlation,
    }


FORMS = {
    "mean": stats.norm(6.0, 1.5),
    "shift": stats.norm(0.0, 1.0),
    "sd": stats.invgamma(44.25, scale=28.11),
    "noise_sd": stats.gamma(2.0, scale=0.5),
    "correlation": stats.beta(3.0, 2.0),
}


@pytest.mark.parametrize("name", FORMS)
def test_parameters_follow_the_closed_forms(models, name):
    pooled = np.concatenate([parameters(model)[name] for model in models])
    assert stats.kstest(pooled, FORMS[name].cdf).pvalue > LEVEL


@pytest.mark.parametrize("name", FORMS)
def test_parameters_follow_those_of_umpire(models, umpire, name):
    real = np.concatenate([parameters(model_of(t, c))[name] for t, _, c in umpire])
    ours = np.concatenate([parameters(model)[name] for model in models])
    assert stats.ks_2samp(real, ours).pvalue > LEVEL


@pytest.mark.parametrize(("weighted", "weight"), [(False, 100.0), (True, 10.0)])
def test_prevalence_is_dirichlet(weighted, weight):
    pooled = np.array(
        [
            ClusterModel.draw_parameters(stream(1, i), n_features=3, weighted=weighted).prevalence
            for i in range(2000)
        ]
    )
    np.testing.assert_allclose(pooled.sum(axis=1), 1.0)
    assert stats.kstest(pooled[:, 0], stats.beta(weight, weight).cdf).pvalue > LEVEL


def test_noise_parameters_are_settings():
    noise = ClusterModel.draw_parameters(stream(1), 3000, noise_shape=5.0, noise_scale=2.0).noise_sd
    assert stats.kstest(noise, stats.gamma(5.0, scale=2.0).cdf).pvalue > LEVEL


def test_other_noise_is_all_that_changes_and_of_the_same_distribution():
    model = ClusterModel.draw_parameters(stream(1), 3000, noise_shape=5.0, noise_scale=2.0)
    other = model.with_other_noise(stream(2), noise_shape=5.0, noise_scale=2.0)
    assert stats.kstest(other.noise_sd, stats.gamma(5.0, scale=2.0).cdf).pvalue > LEVEL
    assert abs(np.corrcoef(model.noise_sd, other.noise_sd)[0, 1]) < 4 / np.sqrt(3000)
    assert other.covariance - np.diag(other.noise_sd**2) == pytest.approx(
        model.covariance - np.diag(model.noise_sd**2)
    )
    np.testing.assert_array_equal(other.means, model.means)


def test_each_cluster_hits_five_of_the_first_twenty_blocks(models, umpire):
    for model in [*models, *(model_of(t, c) for t, _, c in umpire)]:
        np.testing.assert_array_equal(model.hits.sum(axis=1), 5)
        assert not model.hits[:, 20:].any()
        assert model.hits.shape == (2, 50)
        np.testing.assert_array_equal(np.bincount(model.block), 3)
    hits = np.array([model.hits for model in models])
    expected = len(models) * 5 / 20
    chi2 = ((hits.sum(axis=0)[:, :20] - expected) ** 2 / (expected * 0.75)).sum()
    assert stats.chi2(2 * 19).sf(chi2 * 19 / 20) > LEVEL
    shared = hits.all(axis=1).sum(axis=1)  # independent clusters: hypergeometric overlap
    expected = stats.hypergeom(20, 5, 5)
    assert abs(shared.mean() - expected.mean()) < 4 * expected.std() / np.sqrt(len(models))


def test_informative_features_are_those_hit_by_some_but_not_all_clusters(models):
    for model in models[:20]:
        differ = (model.means != model.means[0]).any(axis=0)
        np.testing.assert_array_equal(model.informative, differ)
    counts = [model.informative.sum() for model in models]
    assert abs(np.mean(counts) - 22.5) < 4 * np.std(counts) / np.sqrt(len(counts))


def z_of_means(X: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return (X.mean(axis=0) - mean) / np.sqrt(np.diag(covariance) / len(X))


def chi2_of_blocks(X: np.ndarray, model: ClusterModel, cluster: int) -> np.ndarray:
    """Squared Mahalanobis distance of each sample in each block: chi-squared with 3 degrees."""
    centred = X - model.means[cluster]
    distances = []
    for block in range(len(model.correlation)):
        at = model.block == block
        inverse = np.linalg.inv(model.covariance[np.ix_(at, at)])
        distances.append(np.einsum("ni,ij,nj->n", centred[:, at], inverse, centred[:, at]))
    return np.array(distances)


def check_samples(model: ClusterModel, X: np.ndarray, clusters: np.ndarray) -> None:
    """Hold samples to the model's means, covariance and normality."""
    for cluster in range(len(model.hits)):
        part = X[clusters == cluster]
        z = z_of_means(part, model.means[cluster], model.covariance)
        assert np.abs(z).max() < 5
        assert abs(np.mean(z**2) - 1) < 0.5
        # Distances of one sample in several blocks are independent, as the blocks are.
        distances = chi2_of_blocks(part, model, cluster).ravel()
        assert stats.kstest(distances, stats.chi2(3).cdf).pvalue > LEVEL
    centred = X - model.means[clusters]
    sd = np.sqrt(np.diag(model.covariance))
    error = np.cov(centred.T) / np.outer(sd, sd) - model.covariance / np.outer(sd, sd)
    assert np.abs(error).max() < 6 * np.sqrt(2 / len(X))


def test_samples_of_umpire_fit_a_model_with_its_parameters(umpire):
    """Means, covariance and noise of the model are Umpire's own."""
    for truth, X, clusters in umpire:
        check_samples(model_of(truth, clusters), X, clusters)


def test_our_samples_fit_the_same_forms(models):
    for i, model in enumerate(models[:3]):
        check_samples(model, *model.sample(1000, stream(2, i)))


def test_labels_follow_the_prevalence():
    model = ClusterModel.draw_parameters(stream(1), n_features=9, n_clusters=4, weighted=True)
    _, labels = model.sample(20_000, stream(2))
    expected = model.prevalence * 20_000
    assert stats.chisquare(np.bincount(labels, minlength=4), expected).pvalue > LEVEL


@pytest.mark.parametrize(("n_features", "n_clusters"), [(1, 2), (3, 3), (10, 5), (151, 2)])
def test_any_number_of_features_and_clusters(n_features, n_clusters):
    model = ClusterModel.draw_parameters(stream(1), n_features=n_features, n_clusters=n_clusters)
    X, labels = model.sample(40, stream(2))
    assert X.shape == (40, n_features)
    assert np.isfinite(X).all()
    assert set(labels) <= set(range(n_clusters))
    assert np.linalg.eigvalsh(model.covariance).min() > 0


def test_same_stream_same_samples():
    draws = [ClusterModel.draw_parameters(stream(1)).sample(5, stream(2)) for _ in range(2)]
    np.testing.assert_array_equal(draws[0][0], draws[1][0])
    assert (draws[0][0] != ClusterModel.draw_parameters(stream(3)).sample(5, stream(2))[0]).all()
