"""Arms: what each makes of a training set, and which GANs it asks for."""

import numpy as np
import pytest
from imblearn.over_sampling import ADASYN, SVMSMOTE, BorderlineSMOTE

from evenomics.balancing.arm import ARMS
from evenomics.balancing.balancer import Balancer, added_rows
from evenomics.balancing.training_set import TrainingSet
from evenomics.config.arms import Setting
from evenomics.errors import TrainingError
from evenomics.preparation.samples import Samples


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


def training_set(sizes, apart=0.0, p=3, **options):
    """Classes of these sizes, each `apart` from the one before."""
    y = np.repeat(range(len(sizes)), sizes)
    X = np.random.default_rng(0).normal(size=(len(y), p)) + apart * y[:, None]
    return TrainingSet(Samples(X, y), int(np.argmax(sizes)), random_state=1, **options)


def balanced(arm, sizes=(12, 7, 7), apart=0.0):
    """Return samples, classes and note of an arm, and the draw."""
    setting = Setting((0.0, 0.0), 0.5, 0.5)
    generators = {label: Far() for label in range(len(sizes))}
    of = training_set(
        sizes, apart, setting=setting, generators=generators, networks={"hidden": [4]}
    )
    samples, note = ARMS[arm].balance(of)
    return samples.X, samples.y, note, of.samples.X


UNCHANGED = ["none", "class_weight"]
EXPANDING = [name for name, arm in ARMS.items() if arm.expands]
# how many samples they make depends on where they start from
APPROXIMATE = ["adasyn", "svm_smote"]
BALANCING = [name for name in ARMS if name not in [*UNCHANGED, *EXPANDING, "random_under"]]


@pytest.mark.parametrize("arm", EXPANDING)
def test_expanding_arms_bring_every_class_to_the_largest_and_its_multiple(arm):
    _, y, _, _ = balanced(arm)
    assert np.bincount(y).tolist() == [18, 18, 18]


@pytest.mark.parametrize("arm", BALANCING)
def test_balancing_arms_bring_every_class_to_the_largest_and_keep_the_draw(arm):
    X, y, note, draw = balanced(arm)
    np.testing.assert_array_equal(X[: len(draw)], draw)
    if note.endswith("leaves classes unequal"):
        assert arm in APPROXIMATE
        assert (np.bincount(y) >= (12, 8, 8)).all()
    else:
        assert (np.bincount(y).tolist(), note) == ([12, 12, 12], "")
    assert len(np.unique(X[26:], axis=0)) > 1


@pytest.mark.parametrize("sizes", [(12, 1), (12, 2), (12, 3), (9, 1, 2), (4, 3, 1, 1), (2, 1)])
@pytest.mark.parametrize("apart", [0, 50], ids=["mixed", "apart"])
@pytest.mark.parametrize("arm", BALANCING)
def test_tiny_classes_are_balanced_as_well(arm, sizes, apart):
    X, y, note, draw = balanced(arm, sizes, apart)
    counts = np.bincount(y)
    np.testing.assert_array_equal(X[: len(draw)], draw)
    assert np.isfinite(X).all()
    if "unequal" in note:
        assert arm in APPROXIMATE
        assert (counts > np.minimum(sizes, max(sizes) - 1)).all()
    else:
        assert set(counts) == {max(sizes)}


@pytest.mark.parametrize("arm", UNCHANGED)
def test_arms_without_sampler_leave_the_draw_as_it_is(arm):
    of = training_set((5, 3))
    assert ARMS[arm].balance(of)[0] is of.samples
    assert ARMS[arm].class_weight == ("balanced" if arm == "class_weight" else None)


def test_under_sampling_keeps_as_many_samples_as_the_smallest_class_has():
    X, y, note, draw = balanced("random_under", sizes=(12, 5, 7))
    assert (np.bincount(y).tolist(), note) == ([5, 5, 5], "")
    assert all((draw == row).all(axis=1).any() for row in X)
    assert len(np.unique(X, axis=0)) == 15


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


@pytest.mark.parametrize(
    ("arm", "kind"),
    [("adasyn", ADASYN), ("borderline_smote", BorderlineSMOTE), ("svm_smote", SVMSMOTE)],
)
def test_variants_of_smote_are_those_of_the_library_where_classes_overlap(arm, kind):
    X, _, note, draw = balanced(arm, sizes=(40, 12))
    expected, _ = kind(random_state=1).fit_resample(draw, np.repeat([0, 1], [40, 12]))
    np.testing.assert_array_equal(X, expected)
    assert ("unequal" in note) == (len(X) != 80)
    assert "SMOTE with" not in note


@pytest.mark.parametrize(
    ("arm", "said"), [("adasyn", "ADASYN"), ("borderline_smote", "borderline SMOTE")]
)
def test_where_no_sample_lies_on_a_border_smote_takes_over_and_says_so(arm, said):
    X, _, note, _ = balanced(arm, sizes=(20, 8), apart=50)
    assert note == f"{said} finds no samples to start from: SMOTE"
    np.testing.assert_array_equal(X, balanced("smote", sizes=(20, 8), apart=50)[0])


def test_svm_smote_gives_way_where_all_support_vectors_are_noise():
    """A few samples strewn among many: none has a neighbour of its class."""
    X, _, note, _ = balanced("svm_smote", sizes=(200, 2))
    assert note == "SVM-SMOTE finds no samples to start from: SMOTE; SMOTE with 1 neighbours"
    np.testing.assert_array_equal(X, balanced("smote", sizes=(200, 2))[0])


@pytest.mark.parametrize(
    ("arm", "said"),
    [("smote", "SMOTE"), ("adasyn", "ADASYN"), ("borderline_smote", "borderline SMOTE")],
)
def test_neighbours_are_fewer_in_a_small_class_which_is_said(arm, said):
    _, _, note, _ = balanced(arm, sizes=(10, 3))
    assert note.endswith(f"{said} with 2 neighbours")


@pytest.mark.parametrize(
    ("arm", "said"), [("smote", "SMOTE"), ("svm_smote", "SVM-SMOTE"), ("rose", "ROSE")]
)
def test_a_single_sample_can_but_be_copied_which_is_said(arm, said):
    X, _, note, draw = balanced(arm, sizes=(4, 1))
    np.testing.assert_array_equal(X[5:], np.tile(draw[4], (3, 1)))
    assert note == f"{said} on a class of 1 sample: copies"


def test_rose_has_the_noise_of_menardi_and_torelli():
    """Its SD is that of the class times (4 / ((p + 2) n))^(1 / (p + 4))."""
    of = training_set((4000, 50), p=2)
    X = ARMS["rose"].balance(of)[0].X
    new, small = X[4050:], of.samples.X[4000:]
    sd = small.std(axis=0) * (4 / (4 * 50)) ** (1 / 6)
    np.testing.assert_allclose(new.std(axis=0), np.sqrt(small.var(axis=0) + sd**2), rtol=0.04)
    np.testing.assert_allclose(new.mean(axis=0), small.mean(axis=0), atol=0.08)


def balancer(arm="untrained_gan", names=("e", "arm"), seed=1, **networks):
    networks = {"hidden": [8, 16], **networks}
    return Balancer(ARMS[arm], Setting(), 0, {}, seed, names, networks=networks)


def test_an_untrained_generator_is_the_same_in_every_repeat_and_fold_of_a_draw():
    """Its samples span no more than its narrowest layer, and differ between repeats."""
    samples = training_set((60, 10), p=30).samples
    new = {
        purpose: balancer().balance(samples, *purpose)[0].X[70:]
        for purpose in (("repeat", 0), ("repeat", 1), ("fold", 0))
    }
    assert all(len(X) == 50 for X in new.values())
    first = new["repeat", 0]
    assert not np.isin(new["repeat", 1], first).any()
    assert not np.isin(new["fold", 0], first).any()
    # a linear top layer of 16 units and no bias: all samples of one generator lie in its row space
    spans = {of: np.linalg.matrix_rank(X) for of, X in new.items()}
    assert set(spans.values()) == {16}
    assert np.linalg.matrix_rank(np.concatenate([*new.values()])) == 16
    for other in (balancer(names=("e", "arm", "2")), balancer(seed=2)):
        X = other.balance(samples, "repeat", 0)[0].X[70:]
        assert np.linalg.matrix_rank(np.concatenate([first, X])) == 30


def test_an_untrained_generator_is_drawn_as_the_settings_say():
    """Of a tiny gain and no hidden biases nothing is left but the biases of the output."""
    samples = training_set((60, 10), p=5).samples
    drawn = {
        gain: balancer(initial_gain=gain, initial_output_bias=7.0).balance(samples)[0].X[70:]
        for gain in (1e-6, 1.0)
    }
    np.testing.assert_allclose(drawn[1e-6], 7.0, atol=1e-3)
    assert drawn[1.0].std() > 0.1
    biased = balancer(initial_gain=1e-6, initial_biases="uniform").balance(samples)[0].X[70:]
    assert 0 < np.abs(biased).max() < 1e-3  # hidden biases alone, through tiny weights


def test_untrained_generators_of_classes_differ():
    samples = training_set((60, 10, 20), p=30).samples
    found, _ = balancer().balance(samples, "repeat", 0)
    one, two = (found.X[90:][found.y[90:] == label] for label in (1, 2))
    assert np.linalg.matrix_rank(np.concatenate([one, two])) == 30


def test_added_rows_are_those_that_are_not_of_the_draw_in_any_order():
    before = Samples(np.array([[1.0, 2], [3, 4], [5, 6], [3, 4]]), np.array([0, 0, 1, 0]))
    X = np.array([[5.0, 6], [9, 9], [3, 4], [3, 4], [3, 4], [5, 6]])
    after = Samples(X, np.array([1, 1, 0, 0, 0, 0]))
    # new, the third copy of a sample that is there twice, and one that has changed its class
    assert added_rows(before, after).tolist() == [1, 4, 5]
    assert added_rows(before, before).tolist() == []
    assert added_rows(before, Samples(before.X[2:], before.y[2:])).tolist() == []


@pytest.mark.parametrize("arm", [*BALANCING, "random_under"])
def test_added_rows_of_an_arm_are_what_it_appended(arm):
    X, y, _, draw = balanced(arm)
    before = Samples(draw, np.repeat(range(3), (12, 7, 7)))
    expected = [] if arm == "random_under" else range(26, len(X))
    np.testing.assert_array_equal(added_rows(before, Samples(X, y)), expected)
