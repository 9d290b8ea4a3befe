"""Metrics against their definitions."""

import numpy as np
import pytest

from evenomics.evaluation.metric import FALSE_POSITIVE_RATES, METRICS, Prediction, roc


def prediction(n_classes, n_samples=60, seed=0):
    """Random scores, ties among them, that say something about the classes."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n_samples) % n_classes
    scores = np.round(rng.normal(size=(n_samples, n_classes)), 1)
    scores[np.arange(n_samples), classes] += 1
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Prediction(classes, probabilities, probabilities)


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
        "f1": np.mean([2 * tp / (2 * tp + fp + fn) for tp, tn, fp, fn in sides]),
        "brier": np.mean(((p.probabilities - np.eye(3)[p.classes]) ** 2).sum(axis=1)),
    }
    found = {name: METRICS[name].score(p) for name in expected}
    assert found == pytest.approx(expected, rel=1e-12)


def test_without_probabilities_there_is_no_brier_score_and_all_else():
    p = prediction(2)
    bare = Prediction(p.classes, p.scores)
    values = {name: metric.score(bare) for name, metric in METRICS.items()}
    assert [name for name, value in values.items() if np.isnan(value)] == ["brier"]


def test_a_classifier_that_never_says_positive_scores_zero_without_a_warning():
    p = prediction(2)
    never = Prediction(p.classes, p.scores * [0, 1] + [2, 0])
    assert METRICS["f1"].score(never) == METRICS["mcc"].score(never) == 0
    assert METRICS["balanced_accuracy"].score(never) == 0.5


def test_roc_curve_starts_at_0_ends_at_1_and_has_the_area():
    p = prediction(2, n_samples=2000)
    curve = roc(p)
    assert (curve[0], curve[-1]) == (0, 1)
    assert (np.diff(curve) >= 0).all()
    area = np.trapezoid(curve, FALSE_POSITIVE_RATES)
    assert area == pytest.approx(METRICS["auroc"].score(p), abs=0.01)
