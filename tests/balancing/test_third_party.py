"""Samplers of other libraries: what they may do, and what users are told if they fail."""

import pickle

import numpy as np
import pytest

from evenomics.balancing.arm import ARMS, arm_named
from evenomics.balancing.balancer import Balancer, added_rows
from evenomics.balancing.third_party import check_samplers
from evenomics.config.arms import Setting
from evenomics.errors import ConfigError, EvenomicsError
from evenomics.preparation.samples import Samples


class Sampler:
    """Does as it is told; no random state."""

    def __init__(self, do="nothing"):
        self.do = do

    def fit_resample(self, X, y):
        X += 1  # what it is given is its own
        if self.do == "lose a class":
            return X[y == 0], y[y == 0]
        if self.do == "lose a feature":
            return X[:, 1:], y
        if self.do == "make NaN":
            return X * np.nan, y
        if self.do == "fail":
            raise KeyError("no idea")
        return X, y


def sampler(path=f"{__name__}.Sampler", **parameters):
    return {"mine": {"class": path, "parameters": parameters}}


def samples(sizes=(30, 8)):
    y = np.repeat(range(len(sizes)), sizes)
    return Samples(np.random.default_rng(0).normal(size=(len(y), 4)) + 0.3 * y[:, None], y)


def balancer(samplers):
    return Balancer(arm_named("mine", samplers), Setting(), 0, {}, 1, ("c30_i0.4", "mine"))


def test_it_is_the_sampler_itself_with_its_parameters_and_a_seed_of_the_run():
    """A repeat gives the same samples again, another one others; its arm goes to processes."""
    mine = balancer(
        sampler("imblearn.over_sampling.SMOTE", k_neighbors=2, sampling_strategy={1: 20})
    )
    draw = samples()
    first, again, other = (mine.balance(draw, "repeat", i)[0] for i in (0, 0, 1))
    assert np.bincount(first.y).tolist() == [30, 20]
    np.testing.assert_array_equal(first.X, again.X)
    assert (first.X[38:] != other.X[38:]).any()
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(mine)).balance(draw, "repeat", 0)[0].X, first.X
    )
    assert mine.arm.title == "mine"
    assert arm_named("smote", sampler()) is ARMS["smote"]


def test_it_may_remove_and_reorder_samples():
    draw = samples((30, 12, 9))
    after, note = balancer(sampler("imblearn.combine.SMOTETomek")).balance(draw)
    assert (after.X[: len(draw.y)] != draw.X).any()
    new = added_rows(draw, after)
    kept = np.delete(np.arange(len(after.y)), new)
    real = {(x.tobytes(), y) for x, y in zip(draw.X, draw.y, strict=True)}
    found = [(x.tobytes(), y) in real for x, y in zip(after.X, after.y, strict=True)]
    assert np.flatnonzero(found).tolist() == kept.tolist()
    assert len(new) > 0
    assert len(kept) < len(draw.y)
    assert note == ""


def test_what_it_does_to_the_samples_does_not_reach_the_draw():
    draw = samples()
    before = draw.X.copy()
    after, _ = balancer(sampler()).balance(draw)
    np.testing.assert_array_equal(after.X, before + 1)
    np.testing.assert_array_equal(draw.X, before)


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("fail", "KeyError: 'no idea'"),
        ("lose a class", r"it returned samples of the classes \[0\] only"),
        ("lose a feature", r"it returned samples of shape \(38, 3\) and 38 classes"),
        ("make NaN", "it returned values that are missing or infinite"),
    ],
)
def test_a_failure_is_told_with_arm_draw_and_cause(do, said):
    where = rf"arm 'mine' \(c30_i0.4 mine fold 2\): {__name__}.Sampler failed on classes of 30, 8 "
    with pytest.raises(EvenomicsError, match=f"{where}samples: {said}"):
        balancer(sampler(do=do)).balance(samples(), "fold", 2)


@pytest.mark.parametrize(
    ("samplers", "said"),
    [
        (
            sampler("no_such_package.Sampler"),
            "no_such_package.Sampler cannot be imported",
        ),
        (sampler("imblearn.over_sampling.SMOT"), "has no attribute 'SMOT'"),
        (
            sampler("sklearn.svm.SVC"),
            "arms.mine.class: sklearn.svm.SVC is no sampler",
        ),
        (sampler("numpy.pi"), "arms.mine: numpy.pi cannot be made with {}: TypeError"),
        (sampler("imblearn.over_sampling.SMOTE", k=3), "unexpected keyword argument 'k'"),
        (
            sampler("imblearn.over_sampling.SMOTE", k_neighbors=-1),
            "'k_neighbors' parameter of SMOTE",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_scored(samplers, said):
    with pytest.raises(ConfigError) as caught:
        check_samplers({**samplers, "fine": sampler("imblearn.combine.SMOTEENN")["mine"]})
    (problem,) = caught.value.problems
    assert said in problem


def test_samplers_that_can_be_made_pass():
    check_samplers({**sampler(), "other": sampler("imblearn.under_sampling.TomekLinks")["mine"]})
