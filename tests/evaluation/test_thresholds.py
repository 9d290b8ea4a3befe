"""Tuned thresholds: against all thresholds, and scikit-learn's."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV
from sklearn.svm import SVC

from evenomics.evaluation.metric import Prediction
from evenomics.evaluation.thresholds import tuned_thresholds


def of_values(classes, values):
    values = np.asarray(values, dtype=float)
    return Prediction(np.asarray(classes), np.column_stack([-values, values]))


def mean_accuracy(folds, thresholds):
    """Share of each class that is predicted as such, over the classes, over the folds."""
    tuned = [fold.with_thresholds(np.asarray(thresholds)) for fold in folds]
    return np.mean(
        [
            np.mean([(p.predicted_tuned[p.classes == k] == k).mean() for k in np.unique(p.classes)])
            for p in tuned
        ]
    )


def random_folds(rng, n_classes, n_folds=3, decimals=1):
    folds = []
    for _ in range(n_folds):
        rest = rng.integers(0, n_classes, rng.integers(5, 20)) // 2
        classes = np.append(np.arange(n_classes), rest)
        scores = rng.normal(size=(len(classes), n_classes))
        scores[np.arange(len(classes)), classes] += 0.7
        scores = np.round(scores, decimals)
        folds.append(
            of_values(classes, scores[:, 1]) if n_classes == 2 else Prediction(classes, scores)
        )
    return folds


@given(seed=st.integers(0, 2**32 - 1), decimals=st.integers(0, 2))
def test_no_cut_of_two_classes_is_better_and_no_equal_one_nearer(seed, decimals):
    """Ties among scores, unequal folds; every cut between two scores is tried."""
    folds = random_folds(np.random.default_rng(seed), 2, decimals=decimals)
    low, high = tuned_thresholds(folds)
    assert low == -high
    scores = np.unique(np.concatenate([fold.scores[:, 1] for fold in folds]))
    between = (scores[1:] + scores[:-1]) / 2
    values = {c: mean_accuracy(folds, [-c, c]) for c in [0, *between]}
    reached = mean_accuracy(folds, [low, high])
    assert reached == pytest.approx(max(values.values()), abs=1e-12)
    equal = [abs(c) for c, value in values.items() if value > reached - 1e-9]
    assert abs(high) == pytest.approx(min(equal), abs=1e-12)


def test_the_default_stays_where_nothing_is_better():
    assert tuned_thresholds([of_values([0, 1, 0, 1], [-2, 1, -1, 2])]).tolist() == [0, 0]
    # all samples have one score: there is nothing to tell apart
    assert tuned_thresholds([of_values([0, 1, 1], [3, 3, 3])]).tolist() == [0, 0]
    perfect = Prediction(np.arange(3), np.eye(3))
    assert tuned_thresholds([perfect]).tolist() == [0, 0, 0]


def test_folds_count_alike_whatever_their_size():
    """At -1 the fold of two samples is all right, at 1 that of eighteen nearly so: -1 wins."""
    small = of_values([0, 1], [-1.5, -0.5])
    large = of_values([0] * 9 + [1] * 9, [0.5] * 8 + [1.5] + [1.5] * 9)
    cut = tuned_thresholds([small, large])[1]
    values = {c: mean_accuracy([small, large], [-c, c]) for c in (-1, 0, 1)}
    assert mean_accuracy([small, large], [-cut, cut]) == max(values.values())
    assert -0.5 > cut > -1.5


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_classes=st.sampled_from([3, 4]))
def test_more_classes_are_never_worse_than_by_default(seed, n_classes):
    folds = random_folds(np.random.default_rng(seed), n_classes)
    reached = mean_accuracy(folds, tuned_thresholds(folds))
    assert reached >= mean_accuracy(folds, np.zeros(n_classes)) - 1e-12


def test_more_classes_get_close_to_the_best_thresholds_of_a_grid():
    """One class is never predicted by default; on average 99% of what a grid reaches."""
    shares = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        classes = np.arange(120) % 3
        scores = rng.normal(size=(120, 3)) - [0, 1, 3]
        scores[np.arange(120), classes] += 1.5
        folds = [Prediction(classes[i : i + 40], scores[i : i + 40]) for i in (0, 40, 80)]
        grid = np.linspace(-4, 1, 26)
        best = max(mean_accuracy(folds, [0, a, b]) for a, b in product(grid, grid))
        reached = mean_accuracy(folds, tuned_thresholds(folds))
        assert reached > mean_accuracy(folds, np.zeros(3)) + 0.1
        shares.append(reached / best)
    assert np.mean(shares) > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_scikit_learn_finds_no_better_threshold_and_nearly_the_same(seed):
    """Imbalanced classes, the same folds; it tries 100 thresholds and interpolates."""
    rng = np.random.default_rng(seed)
    y = (np.arange(1200) % 5 == 0).astype(int)
    X = rng.normal(size=(1200, 4)) + 0.7 * y[:, None]
    splits = list(StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y))
    theirs = TunedThresholdClassifierCV(
        SVC(), cv=splits, response_method="decision_function", scoring="balanced_accuracy"
    ).fit(X, y)
    folds = [
        of_values(y[test], SVC().fit(X[train], y[train]).decision_function(X[test]))
        for train, test in splits
    ]
    cut = tuned_thresholds(folds)[1]
    reached, found = (mean_accuracy(folds, [-c, c]) for c in (cut, theirs.best_threshold_))
    assert reached >= found
    assert reached > mean_accuracy(folds, [0, 0]) + 0.05
    assert reached == pytest.approx(theirs.best_score_, abs=0.01)
    assert cut == pytest.approx(theirs.best_threshold_, abs=0.05)
