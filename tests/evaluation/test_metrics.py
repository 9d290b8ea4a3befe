"""Metrics against their definitions, scikit-learn and R."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn import metrics as sklearn_metrics
from sklearn.linear_model import LogisticRegression

from evenomics.evaluation.metric import FALSE_POSITIVE_RATES, METRICS, Prediction, roc, values_of


def prediction(n_classes, n_samples=60, seed=0):
    """Random scores, ties among them, that say something about the classes."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n_samples) % n_classes
    scores = np.round(rng.normal(size=(n_samples, n_classes)), 1)
    scores[np.arange(n_samples), classes] += 1
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    if n_classes > 2:
        return Prediction(classes, probabilities, probabilities)
    values = scores[:, 1] - scores[:, 0]
    return Prediction(classes, np.column_stack([-values, values]), probabilities)


def of_two(classes, p):
    """Predict the second of two classes with the probabilities `p`."""
    p = np.asarray(p, dtype=float)
    values = logit(p.clip(1e-9, 1 - 1e-9))
    return Prediction(
        np.asarray(classes), np.column_stack([-values, values]), np.column_stack([1 - p, p])
    )


def concordance(truth, score):
    """Share of pairs (positive, negative) in the right order; ties count half."""
    pairs = score[truth][:, None] - score[~truth][None, :]
    return np.mean(np.where(pairs == 0, 0.5, pairs > 0))


def counts(p, code):
    truth, found = p.classes == code, p.predicted == code
    return (
        (truth & found).sum(),
        (~truth & ~found).sum(),
        (~truth & found).sum(),
        (truth & ~found).sum(),
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_auroc_is_the_share_of_concordant_pairs(n_classes):
    p = prediction(n_classes)
    positive = [1] if n_classes == 2 else range(n_classes)
    expected = np.mean([concordance(p.classes == c, p.scores[:, c]) for c in positive])
    assert METRICS["auroc"].score(p) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_auprc_is_the_mean_precision_over_recall_steps(n_classes):
    p = prediction(n_classes)
    areas = []
    for code in [1] if n_classes == 2 else range(n_classes):
        truth, score = p.classes == code, p.scores[:, code]
        area = reached = 0.0
        for threshold in np.unique(score)[::-1]:
            found = score >= threshold
            recall = (truth & found).sum() / truth.sum()
            area += (recall - reached) * (truth & found).sum() / found.sum()
            reached = recall
        areas.append(area)
    assert METRICS["auprc"].score(p) == pytest.approx(np.mean(areas), rel=1e-12)


def test_two_class_decisions_follow_their_formulas_with_class_1_positive():
    p = prediction(2)
    tp, tn, fp, fn = counts(p, 1)
    expected = {
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "precision": tp / (tp + fp),
        "accuracy": (tp + tn) / (tp + tn + fp + fn),
        "balanced_accuracy": (tp / (tp + fn) + tn / (tn + fp)) / 2,
        "f1": 2 * tp / (2 * tp + fp + fn),
        "mcc": (tp * tn - fp * fn) / np.sqrt(float((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "brier": np.mean((p.probabilities[:, 1] - p.classes) ** 2),
    }
    found = {name: METRICS[name].score(p) for name in expected}
    assert found == pytest.approx(expected, rel=1e-12)
    assert expected["sensitivity"] != expected["specificity"]


def test_more_classes_are_averaged_each_against_the_rest():
    p = prediction(3)
    sides = [counts(p, code) for code in range(3)]
    expected = {
        "sensitivity": np.mean([tp / (tp + fn) for tp, tn, fp, fn in sides]),
        "specificity": np.mean([tn / (tn + fp) for tp, tn, fp, fn in sides]),
        "precision": np.mean([tp / (tp + fp) for tp, tn, fp, fn in sides]),
        "f1": np.mean([2 * tp / (2 * tp + fp + fn) for tp, tn, fp, fn in sides]),
        "brier": np.mean(((p.probabilities - np.eye(3)[p.classes]) ** 2).sum(axis=1)),
    }
    found = {name: METRICS[name].score(p) for name in expected}
    assert found == pytest.approx(expected, rel=1e-12)


def test_without_probabilities_their_metrics_are_missing_and_no_other():
    p = prediction(2)
    values = values_of(Prediction(p.classes, p.scores))
    assert {name for (name, _), value in values.items() if np.isnan(value)} == {
        "brier", "calibration_slope", "calibration_intercept",
    }  # fmt: skip


def test_a_classifier_that_never_says_positive_scores_zero_without_a_warning():
    p = prediction(2)
    never = Prediction(p.classes, p.scores - np.array([-10, 10]))
    for metric in ("f1", "mcc", "precision", "sensitivity"):
        assert METRICS[metric].score(never) == 0
    assert METRICS["balanced_accuracy"].score(never) == 0.5


def test_roc_curve_starts_at_0_ends_at_1_and_has_the_area():
    p = prediction(2, n_samples=2000)
    curve = roc(p)
    assert (curve[0], curve[-1]) == (0, 1)
    assert (np.diff(curve) >= 0).all()
    area = np.trapezoid(curve, FALSE_POSITIVE_RATES)
    assert area == pytest.approx(METRICS["auroc"].score(p), abs=0.01)


@settings(max_examples=40, deadline=None)
@given(
    n_classes=st.sampled_from([2, 3, 4]),
    n_samples=st.integers(8, 60),
    decimals=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_all_are_those_of_scikit_learn(n_classes, n_samples, decimals, seed):
    """Unequal classes, many ties, classes that are never predicted, at both thresholds."""
    rng = np.random.default_rng(seed)
    classes = np.append(np.arange(n_classes), rng.integers(0, n_classes, n_samples) // 2)
    scores = np.round(rng.normal(size=(len(classes), n_classes)), decimals)
    if n_classes == 2:
        scores = scores[:, 1:] * [-1, 1]
    e = np.exp(scores)
    p = Prediction(classes, scores, e / e.sum(axis=1, keepdims=True))
    p = p.with_thresholds(rng.normal(size=n_classes))
    positive = [1] if n_classes == 2 else range(n_classes)
    ranking = {
        "auroc": sklearn_metrics.roc_auc_score,
        "auprc": sklearn_metrics.average_precision_score,
    }
    expected = {
        (name, "none"): np.mean([score(classes == k, scores[:, k]) for k in positive])
        for name, score in ranking.items()
    }
    expected["brier", "none"] = sklearn_metrics.brier_score_loss(
        classes, p.probabilities[:, 1] if n_classes == 2 else p.probabilities
    )
    average = {"average": "binary" if n_classes == 2 else "macro", "zero_division": 0}
    for threshold, predicted in {"default": p.predicted, "tuned": p.predicted_tuned}.items():
        by_class = {
            "f1": sklearn_metrics.f1_score,
            "sensitivity": sklearn_metrics.recall_score,
            "precision": sklearn_metrics.precision_score,
        }
        overall = {
            "balanced_accuracy": sklearn_metrics.balanced_accuracy_score,
            "accuracy": sklearn_metrics.accuracy_score,
            "mcc": sklearn_metrics.matthews_corrcoef,
        }
        for name, score in by_class.items():
            expected[name, threshold] = score(classes, predicted, **average)
        for name, score in overall.items():
            expected[name, threshold] = score(classes, predicted)
        expected["specificity", threshold] = np.mean(
            [sklearn_metrics.recall_score(classes != k, predicted != k) for k in positive]
        )
        expected["hard_auroc", threshold] = np.mean(
            [sklearn_metrics.roc_auc_score(classes == k, predicted == k) for k in positive]
        )
    found = values_of(p)
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)
    others = {name for name, threshold in found.keys() - expected.keys()}
    assert others == {"calibration_slope", "calibration_intercept"}


def test_the_auroc_of_predicted_classes_is_balanced_accuracy_where_there_are_two_classes_only():
    """Of more, it counts who is rightly not predicted as a class."""
    for n_classes, same in ((2, True), (3, False)):
        p = prediction(n_classes)
        hard, balanced = (METRICS[name].score(p) for name in ("hard_auroc", "balanced_accuracy"))
        assert (hard == balanced) == same
        assert hard != METRICS["auroc"].score(p)


def test_what_needs_a_threshold_has_two_values_and_all_else_one():
    """Without tuned thresholds there is but the default."""
    p = prediction(2)
    found = values_of(p.with_thresholds(np.array([-1.0, 1.0])))
    assert {name for name, _ in found} == {*METRICS}
    for name, metric in METRICS.items():
        has = {threshold for of, threshold in found if of == name}
        assert has == ({"default", "tuned"} if metric.thresholded else {"none"})
    assert found["specificity", "tuned"] > found["specificity", "default"]
    assert "tuned" not in {threshold for _, threshold in values_of(p)}


@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibration_is_an_unpenalised_logistic_regression(n_classes):
    """The slope is that of scikit-learn's; the intercept brings the mean to the share."""
    p = prediction(n_classes, n_samples=200, seed=3)
    slopes = []
    for k in [1] if n_classes == 2 else range(n_classes):
        log_odds = logit(p.probabilities[:, [k]])
        model = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds, p.classes == k)
        slopes.append(model.coef_[0, 0])
    assert METRICS["calibration_slope"].score(p) == pytest.approx(np.mean(slopes), rel=1e-5)
    if n_classes == 2:
        more = METRICS["calibration_intercept"].score(p)
        mean = expit(logit(p.probabilities[:, 1]) + more).mean()
        assert mean == pytest.approx(p.classes.mean(), rel=1e-9)


@pytest.mark.r
def test_calibration_is_that_of_r(robjects):
    """``glm`` with the log odds as regressor, and as offset."""
    p = prediction(2, n_samples=150, seed=5)
    log_odds = logit(p.probabilities[:, 1])
    robjects.globalenv["y"] = robjects.IntVector(p.classes.tolist())
    robjects.globalenv["l"] = robjects.FloatVector(log_odds.tolist())
    strict = "family = binomial, control = glm.control(epsilon = 1e-14)"
    slope = robjects.r(f"coef(glm(y ~ l, {strict}))[['l']]")[0]
    intercept = robjects.r(f"coef(glm(y ~ offset(l), {strict}))[[1]]")[0]
    assert METRICS["calibration_slope"].score(p) == pytest.approx(slope, rel=1e-8)
    assert METRICS["calibration_intercept"].score(p) == pytest.approx(intercept, rel=1e-8)
    robjects.r("rm(y, l)")


def test_calibration_of_probabilities_that_are_known_to_be_wrong():
    """The truth has the log odds 0.3 + 0.5 l: as many positives in a hundred as it says."""
    log_odds = np.repeat([-2.0, 0.0, 1.0, 4.0], 1000)
    share = np.round(1000 * expit(0.3 + 0.5 * log_odds)) / 1000
    classes = np.concatenate([np.arange(1000) < 1000 * s for s in share[::1000]]).astype(int)
    p = of_two(classes, expit(log_odds))
    assert METRICS["calibration_slope"].score(p) == pytest.approx(0.5, abs=0.002)
    # with slope 1, what is added to calibrated log odds is what was taken from them
    shifted = of_two(classes, expit(logit(share) - 0.7))
    assert METRICS["calibration_intercept"].score(shifted) == pytest.approx(0.7, abs=1e-9)
    assert METRICS["calibration_slope"].score(of_two(classes, share)) == pytest.approx(1, abs=1e-9)


def test_calibration_is_missing_where_it_is_not_defined():
    """No finite slope where classes are separated, none at all where nothing varies."""
    slope, intercept = (METRICS[f"calibration_{name}"].score for name in ("slope", "intercept"))
    separated = of_two([0, 0, 1, 1], [0.1, 0.2, 0.2, 0.9])
    assert np.isnan(slope(separated))
    assert np.isnan(slope(of_two([1, 1, 0, 0], [0.1, 0.2, 0.2, 0.9])))
    assert np.isfinite(intercept(separated))
    constant = of_two([0, 0, 0, 1], [0.5] * 4)
    assert np.isnan(slope(constant))
    assert intercept(constant) == pytest.approx(logit(0.25))
    # certain and wrong, certain and right: 0 and 1 have no log odds
    certain = of_two([0, 1, 0, 1, 1], [0.0, 1.0, 1.0, 0.0, 1.0])
    assert np.isfinite([slope(certain), intercept(certain)]).all()


def test_arms_are_compared_by_metrics_whose_largest_value_is_the_best():
    others = {name: metric.best for name, metric in METRICS.items() if not metric.larger_is_better}
    assert others == {"brier": 0, "calibration_slope": 1, "calibration_intercept": 0}
    perfect = values_of(of_two([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]))
    for (name, _), value in perfect.items():
        # of separated classes there is no slope
        if name != "calibration_slope":
            assert value == pytest.approx(others.get(name, 1), abs=1e-6)


def test_rounding_changes_nothing_that_32_bits_can_tell():
    rng = np.random.default_rng(0)
    p = of_two(np.arange(300) % 2, rng.random(300))
    exact, rounded = values_of(p), values_of(p.rounded())
    assert rounded == pytest.approx(exact, rel=1e-5)
    assert exact["auroc", "none"] == rounded["auroc", "none"]
    assert (p.rounded().scores == p.scores.astype(np.float32)).all()
    assert (p.rounded().probabilities.sum(axis=1) == 1).all()
