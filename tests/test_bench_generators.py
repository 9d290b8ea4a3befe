"""The benchmark of generators: its splits, its contenders, its arithmetic."""

import numpy as np
import pandas as pd
import pytest
from bench import generators, variants
from sklearn.covariance import ledoit_wolf


def draw(n_controls=40, n_cases=10, p=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_controls + n_cases, p)) * np.arange(1, p + 1)
    y = np.repeat([0, 1], [n_controls, n_cases])
    return generators.Split(X + 3 * y[:, None], y, X, y)


def test_differences_are_of_the_same_splits_and_every_set_counts_alike():
    """Errors by the textbook: SD over root n in a set, and those of the sets in quadrature."""
    rows = [
        ("a", 0, 1.0, 2.0), ("a", 1, 5.0, 7.0),
        ("b", 0, 9.0, 9.0), ("b", 1, 3.0, 4.0), ("b", 2, 0.0, 2.0),
    ]  # fmt: skip
    table = pd.DataFrame(
        [
            {"set": name, "split": number, "arm": arm, "x": value}
            for name, number, *values in rows
            for arm, value in zip(("none", "some"), values, strict=True)
        ]
    )
    found = generators.against(table, "x", "none")
    assert found.loc["some", "difference"] == (1.5 + 1.0) / 2
    a, b = np.std([1, 2], ddof=1) / np.sqrt(2), np.std([0, 1, 2], ddof=1) / np.sqrt(3)
    assert found.loc["some", "error"] == pytest.approx(np.hypot(a, b) / 2)
    assert found.loc["none"].tolist() == [0, 0]


@pytest.mark.parametrize("h", [0.5, 1.0])
def test_the_smoothed_bootstrap_has_its_mean_and_covariance(h):
    data = draw()
    x = generators._bootstrap(data, h, 200_000, np.random.default_rng(1))
    residuals = np.concatenate([part - part.mean(0) for part in (data.cases, data.controls)])
    pooled, _ = ledoit_wolf(residuals, assume_centered=True)
    expected = (1 - h**2) * np.cov(data.cases.T, ddof=0) + h**2 * pooled
    np.testing.assert_allclose(np.cov(x.T), expected, atol=0.02 * expected.max())
    np.testing.assert_allclose(x.mean(0), data.cases.mean(0), atol=0.05)


def test_others_samples_are_moved_to_the_mean_of_the_cases():
    data = draw()
    request = variants.GanRequest("e", "case", data.cases)
    more, using = variants._shifted(request, data.controls)
    np.testing.assert_array_equal(more.samples[:10], data.cases)
    np.testing.assert_allclose(more.samples[10:].mean(0), data.cases.mean(0))
    np.testing.assert_allclose(np.cov(more.samples[10:].T), np.cov(data.controls.T))
    # two thirds of the samples in batches of 10: as many updates as one of 10 in an epoch
    per_epoch = len(more.samples) * 2 // 3 // 10
    updates = using.retraining.epochs_1 * per_epoch
    assert updates == pytest.approx(variants.EPOCHS, rel=0.1)


def test_splits_share_no_patient_and_have_four_controls_a_case(shared_data):
    found = generators.split("tcga_lihc", 0)
    assert len(found.controls) == pytest.approx(4 * len(found.cases), abs=2)
    *_, patients = generators.SETS["tcga_lihc"]()
    # pairs of a patient: whoever is in the draw is not in the test part
    assert len(found.y_test) == 2 * (len(set(patients)) - len(found.controls))
    assert found.X.shape[1] == generators.N_FEATURES
    again = generators.split("tcga_lihc", 0)
    np.testing.assert_array_equal(found.X, again.X)
    assert not np.array_equal(found.X, generators.split("tcga_lihc", 1).X)
