"""Parts of a training set: whole patients, every class on both sides, as before without groups."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from evenomics.errors import CohortError
from evenomics.preparation.folds import set_aside, shared_groups, stratified_folds


def patients(seed, n_classes=2, mixed=0.3, n=24):
    """Classes and groups of patients with 1 to 4 samples, some of them of several classes."""
    rng = np.random.default_rng(seed)
    y, groups = [], []
    for patient in range(n):
        size = rng.integers(1, 5)
        label = patient % n_classes
        one_class = rng.random() > mixed
        y += [label] * size if one_class else rng.integers(0, n_classes, size).tolist()
        groups += [f"p{patient}"] * size
    order = rng.permutation(len(y))
    return np.array(y)[order], np.array(groups, dtype=object)[order]


def assert_whole(y, groups, one, other):
    """No patient on both sides, every class on both, and nobody lost."""
    assert not set(groups[one]) & set(groups[other])
    assert set(y[one]) == set(y[other]) == set(y)
    assert sorted([*one, *other]) == list(range(len(y)))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("mixed", [0.0, 0.3, 1.0])
def test_no_patient_is_on_both_sides_of_a_fold(n_classes, mixed):
    for seed in range(20):
        y, groups = patients(seed, n_classes, mixed)
        folds, note = stratified_folds(y, 5, seed, groups)
        assert len(folds) == 5 or (len(folds) == 4 and note.startswith("4 folds"))
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(y)))
        for train, test in folds:
            assert_whole(y, groups, train, test)


def test_without_shared_groups_folds_are_those_of_stratifiedkfold():
    """Where every sample is its own group as well: studies without groups stay as they were."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [30, 17, 9]))
    plain = StratifiedKFold(4, shuffle=True, random_state=7)
    expected = [[a.tolist(), b.tolist()] for a, b in plain.split(y[:, None], y)]
    for groups in (None, [f"s{i}" for i in range(len(y))]):
        folds, note = stratified_folds(y, 4, 7, groups)
        assert [[a.tolist(), b.tolist()] for a, b in folds] == expected
        assert note == ""
    assert shared_groups(["b", "a"]) is None


def test_folds_are_as_many_as_the_smallest_class_has_groups():
    """Nine cases of three patients make three folds, although the samples would do for five."""
    y = np.repeat([0, 1], [12, 9])
    groups = np.array([f"c{i}" for i in range(12)] + ["p", "q", "r"] * 3)
    folds, note = stratified_folds(y, 5, 0, groups)
    assert len(folds) == 3
    assert note == "3 folds, to have whole groups of every class in each"
    for train, test in folds:
        assert_whole(y, groups, train, test)


def test_two_classes_of_two_groups_each_can_always_be_halved():
    """Also where scikit-learn's folds lack a class: patient 2 has the only other sample of both."""
    y = np.array([0] * 10 + [0, 1] + [1])
    groups = np.array(["1"] * 10 + ["2", "2"] + ["3"])
    folds, note = stratified_folds(y, 5, 0, groups)
    assert len(folds) == 2
    assert note.startswith("2 folds")
    for train, test in folds:
        assert_whole(y, groups, train, test)
    for seed in range(200):
        y, groups = patients(seed, n=6, mixed=0.6)
        if min(len(set(groups[y == label])) for label in (0, 1)) > 1:
            for train, test in stratified_folds(y, 3, seed, groups)[0]:
                assert_whole(y, groups, train, test)


def test_a_class_of_one_group_cannot_be_divided():
    y = np.repeat([0, 1], [8, 4])
    groups = np.array([*"abcdefgh", *"pppp"])
    with pytest.raises(
        CohortError, match=r"9 groups \(12 samples of 2 classes\) cannot be divided"
    ):
        stratified_folds(y, 5, 0, groups)


@pytest.mark.parametrize("share", [0.2, 0.25, 0.5])
@pytest.mark.parametrize("n_left", [1, 2])
def test_whole_patients_are_set_aside_and_about_the_share_of_every_class(share, n_left):
    shares = []
    for seed in range(100):
        y, groups = patients(seed, mixed=0.2)
        aside = set_aside(y, groups, share, np.random.default_rng(seed), n_left)
        assert_whole(y, groups, np.flatnonzero(aside), np.flatnonzero(~aside))
        for label in (0, 1):
            assert len(set(groups[(y == label) & ~aside])) >= n_left
            shares.append(aside[y == label].mean())
    assert np.mean(shares) == pytest.approx(share, abs=0.03)
    # a patient has up to four of some thirty samples of a class
    assert np.abs(np.array(shares) - share).max() < 0.15


def test_every_patient_is_set_aside_now_and_then():
    """Sizes make little difference: large patients are not kept for training only."""
    y, groups = patients(0)
    aside = np.mean(
        [set_aside(y, groups, 0.25, np.random.default_rng(seed)) for seed in range(400)], axis=0
    )
    assert aside.min() > 0.15
    assert aside.max() < 0.5


def test_two_patients_are_one_aside_and_one_in_training_whatever_their_sizes():
    y, groups = np.zeros(40), np.array(["large"] * 30 + ["small"] * 10)
    for seed in range(10):
        aside = set_aside(y, groups, 0.2, np.random.default_rng(seed))
        assert set(groups[aside]) == {"small"}
    with pytest.raises(CohortError, match="1 groups"):
        set_aside(y, np.full(40, "p"), 0.2, np.random.default_rng(0))
