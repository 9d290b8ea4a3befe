"""Arms: what each makes of a training set, and which GANs it asks for."""

from collections import Counter

import numpy as np
import pytest

from evenomics.balancing.arm import ARMS, Setting, TrainingSet, gan_requests, over_represented
from evenomics.errors import TrainingError

ALPHAS = [[0, 0], [1, 0], [1, 1]]


class Far:
    """A generator far away from all samples."""

    def sample(self, n_samples, rng):
        return 100 + rng.normal(size=(n_samples, 3))

    @property
    def calibrated(self):
        return Further()


class Further(Far):
    """Further away still."""

    def sample(self, n_samples, rng):
        return 200 + super().sample(n_samples, rng)


def balanced(arm, sizes=(12, 7, 7), multiplier=1.0):
    rng = np.random.default_rng(0)
    y = np.repeat(range(len(sizes)), sizes)
    X = rng.normal(size=(len(y), 3))
    generators = {label: Far() for label in range(len(sizes))}
    over = int(np.argmax(sizes))
    sampler, note = ARMS[arm].build(
        TrainingSet(Counter(y.tolist()), over, 1, multiplier, generators)
    )
    if sampler is None:
        return X, y, note, X
    return *sampler.fit_resample(X, y), note, X


@pytest.mark.parametrize("arm", [name for name, a in ARMS.items() if a.expands])
def test_expanding_arms_bring_every_class_to_the_largest_and_its_multiple(arm):
    _, y, _, _ = balanced(arm, multiplier=0.5)
    assert np.bincount(y).tolist() == [18, 18, 18]


@pytest.mark.parametrize(
    "arm", ["random_over", "smote", "gan", "calibrated_gan", "classic_gan", "shrunk_gaussian"]
)
def test_balancing_arms_bring_every_class_to_the_largest_and_keep_the_draw(arm):
    X, y, note, draw = balanced(arm)
    assert np.bincount(y).tolist() == [12, 12, 12]
    np.testing.assert_array_equal(X[: len(draw)], draw)
    assert note == ""


@pytest.mark.parametrize("arm", ["none", "class_weight"])
def test_arms_without_sampler_leave_the_draw_as_it_is(arm):
    assert ARMS[arm].build(TrainingSet({0: 5, 1: 3}, 0, 1))[0] is None
    assert ARMS[arm].class_weight == ("balanced" if arm == "class_weight" else None)


def test_random_over_copies_smote_interpolates_and_gan_asks_its_generator():
    X, _, _, draw = balanced("random_over")
    assert all((draw == row).all(axis=1).any() for row in X[len(draw) :])
    X, _, _, draw = balanced("smote")
    assert not any((draw == row).all(axis=1).any() for row in X[len(draw) :])
    assert (X[len(draw) :] <= draw.max(axis=0)).all()
    X, _, _, draw = balanced("gan")
    assert 90 < X[len(draw) :].min() < 200
    X, _, _, draw = balanced("calibrated_gan")
    assert X[len(draw) :].min() > 290


def test_a_generator_without_a_set_output_is_refused(monkeypatch):
    monkeypatch.setattr(Far, "calibrated", None)
    with pytest.raises(TrainingError, match=r"calibrated_gan: a generator .* train it anew"):
        balanced("calibrated_gan")


def test_smote_lowers_its_neighbours_in_a_small_class_and_says_so():
    _, y, note, _ = balanced("smote", sizes=(10, 3))
    assert np.bincount(y).tolist() == [10, 10]
    assert note == "SMOTE with 2 neighbours"


def test_smote_can_but_copy_a_single_sample_and_says_so():
    X, _, note, draw = balanced("smote", sizes=(4, 1))
    np.testing.assert_array_equal(X[5:], np.tile(draw[4], (3, 1)))
    assert note == "SMOTE on a class of 1 sample: copies"


def test_settings_are_those_that_make_a_difference():
    """The arm gan has no use for the second alpha, the classic arms have none, others nothing."""

    def of(arm):
        return ARMS[arm].settings(ALPHAS, [0.5, 1])

    assert of("gan") == [Setting((0, 0)), Setting((1, 0))]
    assert len(of("expand_gan")) == 6
    assert of("classic_gan") == [Setting((0, 0))]
    assert of("smote") == of("none") == [Setting()]
    names = {(s.alpha_name, s.multiplier_name) for s in of("expand_gan")}
    assert ("a1-0", "0.5") in names
    assert (Setting().alpha_name, Setting().multiplier_name) == ("none", "none")


def test_an_experiment_needs_four_pretrained_and_two_classic_gans():
    """Alphas 0/0, 1/0 and 1/1 share their GANs (paper: four an experiment)."""
    samples = {"control": np.zeros((9, 3)), "case": np.zeros((4, 3))}
    requests = gan_requests(ARMS, ALPHAS, "e", samples)
    assert {(r.class_name, r.alpha, r.over, r.variant) for r in requests} == {
        (label, alpha, label == "control", variant)
        for label in samples
        for alpha, variant in [(0, "transfer"), (1, "transfer"), (0, "classic")]
    }
    assert len(requests) == 6
    for request in requests:
        own, (other,) = samples[request.class_name], request.others
        assert len(own) + len(other) == 13
    assert gan_requests(["none", "smote"], ALPHAS, "e", samples) == []
    assert [r.class_name for r in gan_requests(["classic_gan"], ALPHAS, "e", samples)] == ["case"]


def test_the_largest_class_is_over_represented_whatever_its_place():
    assert over_represented({"a": 3, "b": 7, "c": 5}, ["a", "b", "c"]) == "b"
    assert over_represented({"a": 7, "b": 7}, ["b", "a"]) == "b"
