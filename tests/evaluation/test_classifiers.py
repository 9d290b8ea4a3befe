"""Logistic regression: its optimum, and that it gets there on wide tables."""

import numpy as np
import pytest
from scipy.special import softmax

from evenomics.evaluation.classifier import CLASSIFIERS, fit, predict
from evenomics.evaluation.metric import METRICS
from evenomics.preparation.samples import Samples

LOGISTIC = CLASSIFIERS["logistic_regression"]


def wide(n_classes, n_samples=40, n_features=1000, seed=0):
    """Scaled features that are correlated, as genes are; a tenth tells of the classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % n_classes
    X = rng.normal(size=(n_samples, n_features))
    X += 2 * rng.normal(size=(n_samples, 5)) @ rng.normal(size=(5, n_features))
    X[:, : n_features // 10] += y[:, None]
    return Samples((X - X.mean(axis=0)) / X.std(axis=0), y)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weight", [None, "balanced"])
def test_logistic_regression_converges_at_every_point_of_its_grid(n_classes, weight):
    """A warning would fail this. The optimum balances penalty and likelihood: w = C X'(Y - P)."""
    train = wide(n_classes)
    for point in LOGISTIC.points:
        model = fit(LOGISTIC, point, train, weight)
        p = model.predict_proba(train.X)
        counts = np.bincount(train.y)
        weights = (len(train.y) / n_classes / counts)[train.y] if weight else np.ones(len(train.y))
        errors = weights[:, None] * (np.eye(n_classes)[train.y] - p)
        pull = point["C"] * (errors.T @ train.X)[1 if n_classes == 2 else slice(None)]
        np.testing.assert_allclose(np.atleast_2d(pull), model.coef_, atol=2e-2 * point["C"])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_its_scores_are_log_odds_of_two_classes_and_probabilities_of_more(n_classes):
    train, new = wide(n_classes), wide(n_classes, seed=0, n_samples=41)
    p = predict(LOGISTIC, fit(LOGISTIC, {"C": 0.01}, train), new)
    assert p.scores.shape == p.probabilities.shape == (41, n_classes)
    if n_classes == 2:
        np.testing.assert_allclose(p.probabilities, softmax(p.scores / 2, axis=1), rtol=1e-4)
    else:
        np.testing.assert_array_equal(p.scores, p.probabilities)
    assert (p.scores == p.scores.astype(np.float32)).all()


def test_it_tells_new_samples_apart():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = rng.normal(size=(80, 200))
    X[:, :20] += 0.8 * y[:, None]
    model = fit(LOGISTIC, {"C": 0.01}, Samples(X[:40], y[:40]))
    p = predict(LOGISTIC, model, Samples(X[40:], y[40:]), thresholds=np.array([-1e9, 1e9]))
    assert METRICS["auroc"].score(p) > 0.8
    # so high a threshold that none is positive
    assert METRICS["sensitivity"].values(p)["tuned"] == 0
