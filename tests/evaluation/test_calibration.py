"""Probabilities that are fitted to scores: against scikit-learn's calibration."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from evenomics.evaluation.calibration import fit_calibration, fit_sigmoid
from evenomics.evaluation.classifier import CLASSIFIERS, fit, predict
from evenomics.evaluation.metric import METRICS, Prediction
from evenomics.preparation.samples import Samples

PARAMETERS = {"kernel": "rbf", "C": 1, "gamma": "scale"}


def samples(n_classes, n_samples=90, seed=0):
    rng = np.random.default_rng(seed)
    y = np.minimum(np.arange(n_samples) % (n_classes + 1), n_classes - 1)
    return Samples(rng.normal(size=(n_samples, 4)) + 0.8 * y[:, None], y)


def of_values(classes, values):
    values = np.asarray(values, dtype=float)
    return Prediction(np.asarray(classes), np.column_stack([-values, values]))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_those_of_scikit_learn(n_classes):
    """Sigmoids on the scores of the same folds, the classifier fitted to all samples."""
    train, new = samples(n_classes), samples(n_classes, seed=1)
    svc = CLASSIFIERS["svc"]
    splits = list(StratifiedKFold(3, shuffle=True, random_state=0).split(train.X, train.y))
    folds = []
    for inside, outside in splits:
        model = fit(svc, PARAMETERS, Samples(train.X[inside], train.y[inside]))
        folds.append(predict(svc, model, Samples(train.X[outside], train.y[outside])))
    calibration = fit_calibration(folds)
    found = predict(svc, fit(svc, PARAMETERS, train), new, calibration).probabilities
    theirs = CalibratedClassifierCV(SVC(**PARAMETERS), cv=splits, ensemble=False)
    expected = theirs.fit(train.X, train.y).predict_proba(new.X)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(found[:, 1]) > 0.3


def test_a_sigmoid_is_the_most_likely_one():
    """Whole targets: scikit-learn's unpenalised regression; fractions: the gradient is 0."""
    rng = np.random.default_rng(0)
    values = rng.normal(5, 3, size=200)
    target = (rng.random(200) < expit(values - 5)).astype(float)
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(values[:, None], target)
    expected = model.coef_[0, 0], model.intercept_[0]
    assert fit_sigmoid(values, target) == pytest.approx(expected, rel=1e-5)
    soft = 0.1 + 0.8 * target
    slope, intercept = fit_sigmoid(1e4 * values, soft)
    error = soft - expit(slope * 1e4 * values + intercept)
    assert [error.mean(), (error * values).mean()] == pytest.approx([0, 0], abs=1e-8)


def test_a_steep_sigmoid_is_found():
    """Classes that overlap by two samples in a million times the range."""
    values = np.concatenate([np.linspace(-5, 0, 50), [1e-6, 0], np.linspace(2e-6, 5, 50)])
    target = np.repeat([0.0, 1.0], 51)
    slope, intercept = fit_sigmoid(values, target)
    error = target - expit(slope * values + intercept)
    assert slope > 1e5
    assert [error.mean(), (error * values * 1e6).mean()] == pytest.approx([0, 0], abs=1e-8)


def test_a_separated_training_set_has_probabilities_short_of_0_and_1():
    """Platt's targets: of n samples each, at most (n + 1) / (n + 2)."""
    fold = of_values([0] * 10 + [1] * 10, [-1.0] * 10 + [1.0] * 10)
    given = fit_calibration([fold]).probabilities(fold.scores)[:, 1]
    assert given == pytest.approx([1 / 12] * 10 + [11 / 12] * 10, rel=1e-6)


def test_no_ranking_is_turned_round():
    """Scores that are wrong on the folds give every sample the share of the class."""
    wrong = of_values([1, 0, 0, 1, 0, 0, 0, 0], [-3, -2, -1, 0, 1, 2, 3, 4])
    calibration = fit_calibration([wrong])
    assert calibration.slopes.tolist() == [0]
    given = calibration.probabilities(wrong.scores)
    np.testing.assert_allclose(given, [[0.75, 0.25]] * 8, rtol=1e-12)
    constant = of_values([1, 0, 0, 0], [2, 2, 2, 2])
    assert fit_calibration([constant]).intercepts[0] == pytest.approx(logit(0.25))


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_probabilities_rank_two_classes_as_the_scores_do(kind):
    """AUROC of the probabilities is that of the scores, for every classifier."""
    train, new = samples(2), samples(2, n_samples=200, seed=1)
    classifier = CLASSIFIERS[kind]
    varied = (point for point in classifier.points if not classifier.is_constant(point, 90))
    model = fit(classifier, next(varied), train)
    calibration = fit_calibration([predict(classifier, model, samples(2, seed=2))])
    p = predict(classifier, model, new, calibration)
    by_probability = Prediction(p.classes, p.probabilities)
    auroc = METRICS["auroc"].score
    assert auroc(by_probability) == pytest.approx(auroc(p), abs=1e-4)
    assert auroc(p) > 0.6
