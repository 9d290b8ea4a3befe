"""The method step by step: what is chosen, by which rule, and what happens where none applies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import KDTree

from evenomics.errors import TrainingError
from evenomics.gan import curves
from evenomics.gan.diagnostics import N_DIAGNOSTIC
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.networks import initial_weights
from evenomics.gan.output import set_output
from evenomics.gan.pretraining import Pretrained, pretrain, pretrain_replicates
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain, retrain_as_chosen
from evenomics.gan.settings import GanSettings, Output
from evenomics.gan.splits import split_samples
from evenomics.randomness import stream

P = 6
TRAINING = Training(engine="cpu", dtype="float64")


def settings(rate_choice="curve", epoch_choice="elbow", **choice):
    return GanSettings.from_mapping(
        {
            "networks": {"hidden": [4, 5, 7]},
            "pretraining": {"epochs": [6, 7, 8]},
            "retraining": {"epochs_1": 60, "epochs_2": 40},
            "choice": {
                "rate_choice": rate_choice, "epoch_choice": epoch_choice, "eval_every": 10,
                "speed_window": 10, "cross_validate_below": 20, **choice,
            },
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def external():
    return np.random.default_rng(0).normal(size=(40, P))


@pytest.fixture(scope="module")
def pretrained(external):
    return pretrain(external, settings(), seed=1, training=TRAINING)


def request_for(n=25, name="case", **options):
    samples = np.random.default_rng(n).normal(1, 1, size=(n, P))
    return GanRequest("e", name, samples, **options)


def trained(request, pretrained, using=None, seed=1):
    (gan,) = retrain([request], pretrained, using or settings(), seed=seed, training=TRAINING)
    return gan


def test_pretraining_grows_one_layer_per_stage(pretrained):
    assert pretrained.stages["generator"].tolist() == ["6-4-6", "6-4-5-6", "6-4-5-7-6"]
    assert pretrained.stages["critic"].tolist() == ["6-4-1", "6-5-4-1", "6-7-5-4-1"]
    assert pretrained.stages["critic_updates"].tolist() == [1, 1, 2]
    assert pretrained.stages["dropout"].tolist() == [0.5, 0.5, 0.7]
    assert pretrained.history.groupby("stage").size().tolist() == [6, 7, 8]
    assert pretrained.weights.hidden == (4, 5, 7)


def test_pretraining_starts_a_stage_from_the_weights_of_the_one_before(external, monkeypatch):
    """Layers that stay keep their weights: seen in what the engine is handed."""
    starts, results = [], []
    original = Training.train

    def spy(self, runs, title="training"):
        done = original(self, runs, title)
        starts.append(runs[0].start)
        results.append(done[0].weights)
        return done

    monkeypatch.setattr(Training, "train", spy)
    pretrain(external, settings(), seed=1, training=TRAINING)
    for before, after in zip(results[:-1], starts[1:], strict=True):
        kept = before.generator_architecture.layers[-1].weight.start
        np.testing.assert_array_equal(after.generator[:kept], before.generator[:kept])
        kept = before.critic_architecture.layers[1].weight.start
        np.testing.assert_array_equal(
            after.critic[-(before.critic.size - kept) :], before.critic[kept:]
        )


def test_replicates_are_pretrained_side_by_side_each_as_if_alone(external):
    """Whatever the others are; and with random numbers of its own, even on the same samples."""
    small, training = external[:25] + 1, Spy()
    one, two, same = pretrain_replicates(
        [external, small, external], settings(), seed=1, training=training
    )
    assert [len(stage) for stage in training.calls.values()] == [3, 3, 3]
    for first, _, third in training.calls.values():
        assert first.run.key != third.run.key
        # the critic's lowest layer is drawn anew in every stage
        assert not np.isclose(first.run.start.critic[:P], third.run.start.critic[:P]).any()
    alone = pretrain(external, settings(), seed=1, training=TRAINING)
    _, beside_another = pretrain_replicates(
        [external[::-1], small], settings(), seed=1, training=TRAINING
    )
    for expected, found in ((alone, one), (beside_another, two)):
        np.testing.assert_array_equal(found.weights.generator, expected.weights.generator)
        np.testing.assert_array_equal(found.weights.critic, expected.weights.critic)
        pd.testing.assert_frame_equal(found.history, expected.history)
    assert not np.array_equal(one.weights.generator, same.weights.generator)
    with pytest.raises(TrainingError, match="external cohort: 1 sample"):
        pretrain_replicates([external, external[:1]], settings(), seed=1, training=TRAINING)


def test_pretraining_is_saved_and_comes_back(pretrained, tmp_path):
    pretrained.save(tmp_path)
    found = Pretrained.load(tmp_path)
    np.testing.assert_array_equal(found.weights.critic, pretrained.weights.critic)
    pd.testing.assert_frame_equal(found.history, pretrained.history)


@pytest.mark.parametrize("name", ["weights.safetensors", "history.tsv.gz", "stages.tsv"])
def test_a_pretraining_that_cannot_be_read_is_to_be_made_anew(pretrained, tmp_path, name):
    pretrained.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(TrainingError, match=rf"{name}.*; delete the whole folder {tmp_path} and"):
        Pretrained.load(tmp_path)


def test_the_first_rate_is_the_one_whose_curve_comes_closest_to_the_threshold_from_above(
    pretrained,
):
    """Recomputed from the history; the run goes on from there."""
    using = settings(threshold=-1.0)
    gan = trained(request_for(), pretrained, using)
    runs = gan.history[gan.history["phase"] == "lr_1"]
    above = runs[runs["wasserstein"] > -1.0]
    best = above.loc[above["wasserstein"].idxmin()]
    assert gan.chosen["lr_1_rule"] == "smallest above -1"
    assert gan.chosen["lr_1"] == best["rate"]
    assert gan.chosen["epoch_1"] == best["epoch"]


@pytest.mark.parametrize(
    ("curve", "epoch"),
    [([9, 9, 8, 4, 5, 2, 9] * 9, 10), ([2, 1] * 40, 0), ([9, 8, 7, 6] * 20, 60)],
    ids=["falls", "below from the start", "never below"],
)
def test_the_first_rate_can_be_left_at_its_last_value_above_the_threshold(pretrained, curve, epoch):
    """Of the points seen, every second epoch here; also at an epoch that was not evaluated.

    Each point stands for itself and the epoch before, which has no say. The curves of the other
    rates lie 0.1 and 0.2 higher.
    """
    seen = np.array(curve[:30], float)
    training = Spy(np.column_stack([seen - 50, seen]).ravel(), apart=0.1)
    using = settings(rate_1="last_above", threshold=3.0, curve_every=2, eval_every=4)
    (gan,) = retrain([request_for()], pretrained, using, seed=1, training=training)
    rates = gan.rates[gan.rates["phase"] == "lr_1"]
    value = seen[max(0, epoch // 2 - 1)]
    np.testing.assert_allclose(rates["last_above"], [value, value + 0.1, value + 0.2])
    assert gan.chosen["lr_1"] == rates["rate"].iloc[0] == rates["rate"][rates["chosen"]].item()
    assert gan.chosen["lr_1_rule"] == "last above 3"
    assert (gan.chosen["epoch_1"], gan.chosen["updates_1"]) == (epoch, 2 * epoch)
    start = pretrained.weights
    if epoch:
        first = training.calls["re-training, lr_1"][0].run
        (again,) = TRAINING.train([replace(first, epochs=epoch, keep="last")])
        start = again.weights
    second = training.calls["re-training, lr_2"][0].run.start
    np.testing.assert_array_equal(second.generator, start.generator)


def test_the_rules_see_every_so_many_epochs_of_the_curve(pretrained):
    """What lies between has no say."""
    curve = np.r_[np.zeros(20), 99, np.zeros(39)]  # epoch 21
    for every, cut_epoch in ((1, 20), (2, np.nan)):
        using = settings(curve_every=every)
        (gan,) = retrain([request_for()], pretrained, using, seed=1, training=Spy(curve))
        np.testing.assert_array_equal(gan.rates["cut_epoch"], cut_epoch)


TO_THE_END = "re-training, lr_2, to the last epoch"


@pytest.mark.parametrize("n", [25, 9])
def test_the_second_rate_goes_on_to_the_last_epoch_of_all(pretrained, n):
    """The run that was tried, longer; its history goes on."""
    using = settings("curve", "elbow" if n == 25 else "held_out")
    using = replace(using, retraining=replace(using.retraining, final_epochs=150))
    training = Spy()
    (gan,) = retrain([request_for(n)], pretrained, using, seed=1, training=training)
    longer, epoch_1 = training.calls[TO_THE_END], gan.chosen["epoch_1"]
    assert {one.run.epochs for one in longer} == {150 - epoch_1}
    assert {one.run.learning_rate for one in longer} == {gan.chosen["lr_2"]}
    rate = using.retraining.learning_rates_2.index(gan.chosen["lr_2"])
    short = training.calls["re-training, lr_2"][rate * len(longer) : (rate + 1) * len(longer)]
    for one, other in zip(short, longer, strict=True):
        np.testing.assert_array_equal(one.wasserstein, other.wasserstein[:40])
    history = gan.history.query("phase == 'lr_2' and fold == 0")
    of_chosen = history[history["rate"] == gan.chosen["lr_2"]]
    assert of_chosen["epoch"].is_unique
    assert history.groupby("rate")["epoch"].max().to_dict() == {
        r: 40 if r != gan.chosen["lr_2"] else 150 - epoch_1
        for r in using.retraining.learning_rates_2
    }


@pytest.mark.parametrize(("tau", "epoch"), [(60, 16), (5, 0)])
def test_the_last_epoch_is_chosen_on_the_curve_of_both_rates(pretrained, tau, epoch):
    """Its elbow is epoch 57 of 140, 40 of them at learning rate 1; or epoch 17.

    Then the generator is what learning rate 1 led to.
    """
    whole = curves.saturating(np.arange(140.0), 1.0, 8.0, tau)
    given = {"re-training, lr_1": whole, TO_THE_END: whole[40:]}
    using = settings(rate_1="last_above", threshold=-1.0, eval_every=4)
    plan = replace(using.retraining, epochs_1=40, final_epochs=140)
    using, training = replace(using, retraining=plan), Spy(given)
    (gan,) = retrain([request_for()], pretrained, using, seed=1, training=training)
    assert gan.chosen["epoch_1"] == 40
    assert gan.chosen["epoch_2_rule"] == "elbow"
    assert gan.chosen["epoch_2"] == epoch
    run = training.calls[TO_THE_END][0].run
    weights = run.start
    if epoch:
        (again,) = TRAINING.train([replace(run, epochs=epoch, keep="last")])
        weights = again.weights
    np.testing.assert_array_equal(gan.generator.parameters, weights.generator)


@pytest.mark.parametrize("rate", [None, 0.2])
def test_the_generator_can_have_the_dropout_of_the_critic(external, rate):
    """Of every stage, and of re-training."""
    using, training = settings(), Spy()
    using = replace(using, networks=replace(using.networks, generator_dropout=rate))
    (one,) = pretrain_replicates([external], using, seed=1, training=training)
    retrain([request_for()], one, using, seed=1, training=training)
    runs = [done[0].run for done in training.calls.values()]
    assert [run.dropout for run in runs[:4]] == [0.5, 0.5, 0.7, 0.7]
    for run in runs:
        assert run.generator_dropout == (run.dropout if rate is None else rate)


def test_pretraining_hands_the_engine_what_the_settings_say(external):
    """A critic that grows at its output, initial weights, losses and updates."""
    mapping = {
        "networks": {
            "hidden": [4, 5, 7], "critic_grows": "output", "initial_gain": 1.0,
            "initial_biases": "uniform", "initial_output_bias": 0.01,
        },
        "loss": {"critic_gradient": False, "penalty_in_gradient": False},
        "updates": {"optimiser": "sgd", "epoch": "generator_update", "generator_batch": 20},
        "pretraining": {"epochs": [6, 7, 8], "critic_updates": [3, 3, 1]},
    }  # fmt: skip
    using, training = GanSettings.from_mapping(mapping), Spy()
    (found,) = pretrain_replicates([external], using, seed=1, training=training)
    assert found.stages["critic"].tolist() == ["6-7-1", "6-7-5-1", "6-7-5-4-1"]
    runs = [done[0].run for done in training.calls.values()]
    assert [run.n_updates for run in runs] == [18, 21, 8]
    assert {(run.loss, run.updates) for run in runs} == {(using.loss, using.updates)}
    top = found.weights.generator_architecture.layers[-1]
    # the generator learnt from nothing
    assert set(found.weights.generator[top.bias]) == {0.01}
    first = runs[0].start
    sd = first.critic[first.critic_architecture.layers[0].weight].std() * np.sqrt(P)
    assert sd == pytest.approx(1.0, abs=0.25)


def test_where_no_curve_is_above_the_threshold_the_most_stable_rate_is_taken(pretrained):
    gan = trained(request_for(), pretrained, settings(threshold=1e6))
    rates = gan.rates[gan.rates["phase"] == "lr_1"]
    assert gan.chosen["lr_1"] == rates.loc[rates["instability"].idxmin(), "rate"]
    assert gan.chosen["lr_1_rule"] == "fallback: most stable"
    assert "lr_1: curve never above 1e+06" in gan.chosen["note"]


def test_the_second_rate_has_the_smallest_three_instabilities_minus_speed(pretrained):
    gan = trained(request_for(), pretrained)
    rates = gan.rates[gan.rates["phase"] == "lr_2"]
    objective = 3 * rates["instability"] - rates["speed"]
    np.testing.assert_allclose(rates["objective"], objective)
    assert gan.chosen["lr_2"] == rates.loc[objective.idxmin(), "rate"]
    assert gan.chosen["lr_2_rule"] == "smallest instability - speed"
    assert rates.loc[rates["chosen"], "rate"].tolist() == [gan.chosen["lr_2"]]


def test_where_every_rate_diverges_that_is_recorded_and_a_generator_comes_out_nevertheless(
    pretrained,
):
    using = settings()
    wild = replace(
        using.retraining, learning_rates_1=(1e200, 1e201), learning_rates_2=(1e200, 1e201)
    )
    gan = trained(request_for(), pretrained, replace(using, retraining=wild))
    assert "every rate diverged" in gan.chosen["note"]
    assert gan.chosen["lr_2_rule"].startswith("fallback")
    # and the row does not claim epochs that the weights have not seen
    named = ["epoch_1", "updates_1", "epoch_2", "updates_2"]
    assert [gan.chosen[name] for name in named] == [0] * 4
    np.testing.assert_array_equal(gan.generator.parameters, pretrained.weights.generator)
    assert np.isfinite(gan.generator.sample(5, np.random.default_rng(0))).all()


class Spy(Training):
    """Remembers what was trained: per call its title, runs and results.

    Curves can be given, of both rates or by title: that of the first run, and how much each lies
    above the one before.
    """

    def __init__(self, curve=None, apart=0.0):
        super().__init__(engine="cpu", dtype="float64")
        self.calls = {}
        both = ("re-training, lr_1", "re-training, lr_2")
        self.curves = curve if isinstance(curve, dict) else dict.fromkeys(both, curve)
        self.apart = apart

    def train(self, runs, title="training"):
        done = super().train(runs, title)
        if (curve := self.curves.get(title)) is not None:
            done = [
                replace(one, wasserstein=curve[: one.epochs] + i * self.apart)
                for i, one in enumerate(done)
            ]
        self.calls[title] = done
        return done


@pytest.mark.parametrize(("n_good", "epoch"), [(15, 10), (5, 0), (0, 0)])
@pytest.mark.parametrize("n", [25, 9])
def test_rates_that_diverge_early_and_never_come_back_are_no_choice(pretrained, n, n_good, epoch):
    """The first rate goes on from the last evaluation before the cut, or from where it began.

    A class of 25 has one split (rates and epoch by the curve); one of 9 is cross-validated.
    """
    curve = np.r_[np.zeros(n_good), np.full(60 - n_good, -11.0)]
    training = Spy(curve)
    using = settings("curve", "elbow" if n == 25 else "held_out", speed_window=20)
    (gan,) = retrain([request_for(n)], pretrained, using, seed=1, training=training)
    for phase in ("lr_1", "lr_2"):
        rates = gan.rates[gan.rates["phase"] == phase]
        assert rates["cut_epoch"].tolist() == [n_good] * 3
        assert rates["instability"].isna().all()
        assert set(rates["note"]) == {f"diverged at epoch {n_good + 1} and never came back"}
        assert gan.chosen[phase] == rates["rate"].iloc[0]
        assert gan.chosen[f"{phase}_rule"] == "fallback: every rate diverged, first rate"
    assert "lr_1: curve never above 3; every rate diverged" in gan.chosen["note"]
    assert "lr_2: no rate qualified; every rate diverged" in gan.chosen["note"]
    assert gan.chosen["epoch_1"] == epoch
    second = training.calls["re-training, lr_2"]
    for fold, done in enumerate(training.calls["re-training, lr_1"][: gan.chosen["n_folds"]]):
        start = pretrained.weights
        if epoch:
            (again,) = TRAINING.train([replace(done.run, epochs=epoch, keep="last")])
            start = again.weights
        np.testing.assert_array_equal(second[fold].run.start.generator, start.generator)
    if n == 25:
        assert gan.chosen["epoch_2"] == epoch
        rule = (
            "last before the cut"
            if epoch
            else "diverged before the first evaluation, weights of lr_1"
        )
        assert gan.chosen["epoch_2_rule"] == f"fallback: {rule}"
        if not epoch:
            expected = pretrained.weights.generator
            np.testing.assert_array_equal(gan.generator.parameters, expected)


def test_the_most_stable_rate_is_left_where_its_curve_is_cut(pretrained):
    """Weights from after the divergence are not what lr_2 starts from."""
    curve = np.r_[np.sin(np.arange(35)), np.full(25, -11.0)]
    training = Spy(curve)
    (gan,) = retrain([request_for()], pretrained, settings(), seed=1, training=training)
    assert gan.chosen["lr_1_rule"] == "fallback: most stable"
    assert (gan.chosen["epoch_1"], gan.chosen["updates_1"]) == (30, 60)
    (again,) = TRAINING.train(
        [replace(training.calls["re-training, lr_1"][0].run, epochs=30, keep="last")]
    )
    start = training.calls["re-training, lr_2"][0].run.start
    np.testing.assert_array_equal(start.generator, again.weights.generator)


def test_held_out_choices_take_the_smallest_energy_distance(pretrained):
    using = settings("held_out", "held_out")
    gan = trained(request_for(25), pretrained, using)
    assert gan.chosen["n_held_out"] == 5
    for phase, number in (("lr_1", 1), ("lr_2", 2)):
        runs = gan.history[gan.history["phase"] == phase]
        best = runs.loc[runs["energy_distance"].idxmin()]
        assert gan.chosen[phase] == best["rate"]
        assert gan.chosen[f"epoch_{number}"] == best["epoch"]
    assert gan.chosen["energy_distance"] == pytest.approx(best["energy_distance"])
    assert np.isfinite(gan.chosen["nn_distance_held_out"])


def test_a_small_class_is_cross_validated_and_then_trained_on_all_its_samples(pretrained):
    """Epochs are chosen on the mean over the folds."""
    gan = trained(request_for(9), pretrained, settings("held_out", "held_out", folds=3))
    assert (gan.chosen["n_folds"], gan.chosen["n_held_out"]) == (3, 3)
    runs = gan.history[gan.history["phase"] == "lr_2"]
    mean = runs.groupby(["rate", "epoch"])["energy_distance"].mean()
    assert mean.idxmin() == (gan.chosen["lr_2"], gan.chosen["epoch_2"])


@pytest.mark.parametrize(("n", "n_folds"), [(33, 1), (12, 3), (6, 2)])
def test_all_samples_of_a_patient_train_or_all_are_held_out(n, n_folds, pretrained, monkeypatch):
    """Three samples a patient: seen in what the engine is handed, the same for every alpha."""
    request = request_for(n, groups=np.array([f"p{i // 3}" for i in range(n)], dtype=object))
    of = {tuple(row): group for row, group in zip(request.samples, request.groups, strict=True)}
    seen = []
    original = Training.train

    def spy(self, runs, title="training"):
        seen.extend(run for run in runs if len(run.held_out))
        return original(self, runs, title)

    monkeypatch.setattr(Training, "train", spy)
    using = settings("held_out", "held_out", folds=3)
    gan = trained(request, pretrained, using)
    held_out = []
    for run in seen:
        one, other = ({of[tuple(row)] for row in X} for X in (run.samples, run.held_out))
        assert not one & other
        assert one | other == set(request.groups)
        held_out.append(frozenset(other))
    assert len(seen) >= 2 * n_folds
    assert len(set(held_out)) == n_folds == gan.chosen["n_folds"]
    assert frozenset.union(*held_out) == set(request.groups) or n_folds == 1
    first, seen = set(held_out), []
    trained(replace(request, alpha=1.0), pretrained, using)
    assert {frozenset(of[tuple(row)] for row in run.held_out) for run in seen} == first


@pytest.mark.parametrize("n", [25, 9])
def test_patients_of_one_sample_change_no_gan(n, pretrained):
    using, request = settings("held_out", "held_out"), request_for(n)
    own = replace(request, groups=np.array([f"s{i}" for i in range(n)], dtype=object))
    one, other = (trained(r, pretrained, using) for r in (request, own))
    np.testing.assert_array_equal(one.generator.parameters, other.generator.parameters)


def test_of_a_single_patient_nothing_can_be_held_out(pretrained):
    request = request_for(9, groups=np.array(["p"] * 9, dtype=object))
    with pytest.raises(TrainingError, match=r"e\.1/case.*: all 9 samples are of one group"):
        trained(request, pretrained, settings("held_out", "held_out"))
    assert trained(request, pretrained).chosen["n_held_out"] == 0


@pytest.mark.parametrize("rate_choice", ["curve", "held_out"])
@pytest.mark.parametrize(
    # n = 24: folds train on 16, a batch of 10 an epoch, all samples are 2 batches.
    # n = 29: folds train on 19, 19 and 20, all samples are again 2 batches.
    ("n", "per_epoch"),
    [(24, 1), (29, 4 / 3), (9, 1)],
)
def test_all_samples_get_the_updates_that_the_folds_chose(pretrained, rate_choice, n, per_epoch):
    """Not the epochs, which can have twice as many updates; right to half an epoch."""
    training = Spy()
    using = settings(rate_choice, "held_out", folds=3, cross_validate_below=30, threshold=-1e6)
    (gan,) = retrain([request_for(n)], pretrained, using, seed=1, training=training)
    for phase, number in (("lr_1", 1), ("lr_2", 2)):
        (whole,) = training.calls[f"re-training, {phase}, all samples"]
        assert len(whole.run.samples) == n
        assert whole.critic_loss.size * whole.run.updates_per_epoch == whole.run.n_updates
        assert gan.chosen[f"updates_{number}"] == whole.run.n_updates
        if (phase, rate_choice) == ("lr_1", "curve"):
            of_rate = [
                done
                for done in training.calls["re-training, lr_1"]
                if done.run.learning_rate == gan.chosen["lr_1"]
            ]
            chosen = np.mean([r.kept_epoch * (len(r.run.samples) // 10 or 1) for r in of_rate])
        else:
            chosen = gan.chosen[f"epoch_{number}"] * per_epoch
        assert abs(whole.run.n_updates - chosen) <= whole.run.updates_per_epoch / 2
    np.testing.assert_array_equal(gan.generator.parameters, whole.weights.generator)


def test_a_class_that_is_split_once_has_the_updates_of_its_epochs(pretrained):
    """20 of the 25 samples train, in 2 batches."""
    chosen = trained(request_for(25), pretrained, settings("held_out", "held_out")).chosen
    assert chosen["updates_1"] == 2 * chosen["epoch_1"]
    assert chosen["updates_2"] == 2 * chosen["epoch_2"]


def test_the_distance_to_held_out_samples_is_that_of_the_chosen_epoch(pretrained):
    """Of a cross-validated class each fold's GAN is taken there, not at its own best epoch."""
    training = Spy()
    using = settings("held_out", "held_out")
    (gan,) = retrain([request_for(9)], pretrained, using, seed=1, training=training)
    epoch = gan.chosen["epoch_2"]
    folds = [
        done
        for done in training.calls["re-training, lr_2"]
        if done.run.learning_rate == gan.chosen["lr_2"]
    ]
    assert {done.kept_epoch for done in folds} != {epoch}
    rng = stream(1, "diagnostics", "e.1/case.alpha0.transfer", "folds")
    distances = []
    for done in folds:
        (again,) = TRAINING.train([replace(done.run, epochs=epoch, keep="last")])
        generated = Generator.from_weights(again.weights).sample(N_DIAGNOSTIC, rng)
        distances.append(np.median(KDTree(done.run.held_out).query(generated)[0]))
    assert gan.chosen["nn_distance_held_out"] == pytest.approx(np.mean(distances), rel=1e-12)


def test_the_generator_is_that_of_the_chosen_epoch(pretrained):
    """Training from lr_1's weights with lr_2 for the chosen epochs gives it."""
    using = settings("held_out", "held_out")
    training = Spy()
    (gan,) = retrain([request_for()], pretrained, using, seed=1, training=training)
    second = [done.run for done in training.calls["re-training, lr_2"]]
    (second,) = [m for m in second if m.learning_rate == gan.chosen["lr_2"]]
    again = replace(second, epochs=gan.chosen["epoch_2"], keep="last")
    (expected,) = TRAINING.train([again])
    np.testing.assert_allclose(gan.generator.parameters, expected.weights.generator, rtol=1e-12)


@pytest.mark.parametrize("choices", [("curve", "elbow"), ("held_out", "held_out")])
def test_company_and_order_change_no_gan(choices, pretrained):
    using = settings(*choices)
    requests = [
        request_for(25, "case", alpha=1.0),
        request_for(9, "rare"),
        request_for(30, "control", over=True),
        request_for(25, "case", variant="classic"),
    ]
    one = retrain(requests, pretrained, using, seed=1, training=TRAINING)
    other = retrain(requests[::-1], pretrained, using, seed=1, training=TRAINING)[::-1]
    for a, b, request in zip(one, other, requests, strict=True):
        assert a.request is request
        np.testing.assert_array_equal(a.generator.parameters, b.generator.parameters)
        alone = trained(request, pretrained, using)
        np.testing.assert_array_equal(a.generator.parameters, alone.generator.parameters)


def test_the_seed_changes_the_gan_and_the_alpha_as_well(pretrained):
    made = [
        trained(request_for(alpha=alpha), pretrained, seed=seed).generator.parameters
        for alpha, seed in [(0.0, 1), (0.0, 1), (0.0, 2), (1.0, 1)]
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert not np.array_equal(made[0], made[3])


def test_a_replicate_has_random_numbers_and_rows_of_its_own(pretrained):
    """And other held-out samples."""
    requests, using = [request_for(replicate=k) for k in (1, 2)], settings("held_out", "held_out")
    one, two = (split_samples(request, using.choice, 1)[0].held_out for request in requests)
    assert not np.array_equal(one, two)
    gans = [trained(request, pretrained) for request in requests]
    assert [gan.chosen["replicate"] for gan in gans] == [1, 2]
    for k, gan in enumerate(gans, 1):
        assert set(gan.history["replicate"]) == set(gan.rates["replicate"]) == {k}
    one, two = (gan.history["wasserstein"] for gan in gans)
    assert not np.isclose(one, two).any()


def test_classic_needs_no_pretraining_and_transfer_does(pretrained):
    classic = trained(request_for(variant="classic"), None)
    assert classic.generator.hidden == (4, 5, 7)
    with pytest.raises(TrainingError, match="needs a pre-trained GAN"):
        trained(request_for(), None)
    other = replace(request_for(), samples=np.zeros((9, 3)))
    with pytest.raises(TrainingError, match="3 features, but the pre-trained GAN has 6"):
        trained(other, pretrained)


def test_two_samples_are_enough_and_one_is_not(pretrained):
    for choices in (("curve", "elbow"), ("held_out", "held_out")):
        gan = trained(request_for(2), pretrained, settings(*choices))
        assert np.isfinite(gan.generator.sample(3, np.random.default_rng(0))).all()
    with pytest.raises(TrainingError, match=r"1 sample\(s\), and a GAN needs at least 2"):
        trained(request_for(1), pretrained)


def test_values_that_are_not_finite_are_refused(pretrained, external):
    broken = external.copy()
    broken[3, 2] = np.nan
    with pytest.raises(TrainingError, match="external cohort: NaN or infinite"):
        pretrain(broken, settings(), seed=1, training=TRAINING)
    with pytest.raises(TrainingError, match=r"e\.1/case\.alpha0\.transfer: NaN or infinite"):
        trained(replace(request_for(), samples=broken), pretrained)


def test_the_tables_name_the_engine_that_trained_not_the_one_that_is_chosen_now(external, tmp_path):
    for engine in ("torch", "cpu"):
        training = Training(engine=engine, checkpoints=tmp_path)
        pretrained = pretrain(external, settings(), seed=1, training=training)
        (gan,) = retrain([request_for()], pretrained, settings(), seed=1, training=training)
        assert pretrained.stages["engine"].tolist() == ["torch"] * 3
        assert gan.chosen["engine"] == "torch"


def test_retraining_chooses_its_own_engine(pretrained):
    """Whatever suited pre-training, which is a single run."""
    training = Training(engine="auto")
    training.chosen_engine = "torch"
    (gan,) = retrain([request_for()], pretrained, settings(), seed=1, training=training)
    assert gan.chosen["engine"] == "cpu"


def test_names_are_safe_as_file_names_and_tell_replicates_and_folds_apart():
    request = request_for(name="AML / M5", alpha=0.5, replicate=3)
    assert request.gan == replace(request, fold=2).gan == "AML_M5.alpha0.5.transfer"
    assert request.name == "e.3/AML_M5.alpha0.5.transfer"
    assert replace(request, fold=2).name == "e.3/fold2/AML_M5.alpha0.5.transfer"


def as_chosen(requests, chosen, pretrained, training=TRAINING):
    options = {"seed": 1, "training": training}
    return retrain_as_chosen(requests, chosen, pretrained, settings(), **options)


@pytest.mark.parametrize(
    ("choices", "n", "variant"),
    [
        (("curve", "held_out"), 9, "transfer"),
        (("held_out", "held_out"), 24, "transfer"),
        (("held_out", "held_out"), 9, "classic"),
    ],
)
def test_as_chosen_on_all_samples_is_what_the_search_gave(choices, n, variant, pretrained):
    """A cross-validated class is in the end trained on all its samples: here the very same runs."""
    using = settings(*choices, folds=3, cross_validate_below=30, threshold=-1e6)
    request = request_for(n, variant=variant, alpha=1.0, over=n > 9)
    gan = trained(request, pretrained, using)
    assert gan.chosen["n_folds"] == 3
    assert min(gan.chosen["updates_1"], gan.chosen["updates_2"]) > 0
    (again,) = as_chosen([request], [gan.chosen], pretrained)
    np.testing.assert_array_equal(again.parameters, gan.generator.parameters)
    assert again.hidden == gan.generator.hidden


@pytest.mark.parametrize(
    ("updates_1", "updates_2", "epochs"),
    # 25 samples are two batches an epoch; half an epoch is rounded, and one is the least
    [(24, 30, (12, 15)), (24, 7, (12, 4)), (1, 6, (1, 3)), (0, 6, (None, 3)), (24, 0, (12, None))],
)
def test_as_chosen_has_the_rates_and_updates_that_are_asked_for(
    pretrained, updates_1, updates_2, epochs
):
    training, request = Spy(), request_for(25, fold=2)
    row = {"lr_1": 2e-3, "updates_1": updates_1, "lr_2": 3e-5, "updates_2": updates_2}
    (generator,) = as_chosen([request], [row], pretrained, training)
    start = pretrained.weights.generator
    for phase, n_epochs in zip(("lr_1", "lr_2"), epochs, strict=True):
        found = training.calls.pop(f"re-training, {phase}, all samples", None)
        assert (found is None) == (n_epochs is None)
        if found:
            (done,) = found
            np.testing.assert_array_equal(done.run.start.generator, start)
            np.testing.assert_array_equal(done.run.samples, request.samples)
            assert (done.run.learning_rate, done.run.epochs) == (row[phase], n_epochs)
            assert (done.run.keep, done.run.held_out.size) == ("last", 0)
            start = done.weights.generator
    assert not training.calls
    np.testing.assert_array_equal(generator.parameters, start)


def test_as_chosen_leaves_a_class_of_one_sample_where_it_starts(pretrained):
    """Beside a class that is trained as if alone; each fold has random numbers of its own."""
    row = {"lr_1": 1e-3, "updates_1": 20, "lr_2": 1e-4, "updates_2": 20}
    single, classic = request_for(1, fold=1), request_for(1, fold=1, variant="classic")
    larger, other_fold = request_for(2, fold=1), request_for(2, fold=2)
    requests = [single, larger, classic, other_fold]
    found = [g.parameters for g in as_chosen(requests, [row] * 4, pretrained)]
    np.testing.assert_array_equal(found[0], pretrained.weights.generator)
    drawn = initial_weights(P, (4, 5, 7), stream(1, "initial weights", classic.name))
    np.testing.assert_array_equal(found[2], drawn.generator)
    (alone,) = as_chosen([larger], [row], pretrained)
    np.testing.assert_array_equal(found[1], alone.parameters)
    assert not np.isclose(found[1], found[3]).all()
    assert not np.isclose(found[1], pretrained.weights.generator).all()
    with pytest.raises(TrainingError, match=r"e\.1/fold1/case.*: needs a pre-trained GAN"):
        as_chosen([larger], [row], None)


def test_the_output_is_set_beside_what_was_trained(pretrained):
    """By `set_output` from the class and the others; the training does not depend on it."""
    others = (np.random.default_rng(3).normal(size=(30, P)),)
    alone, plain = request_for(), trained(request_for(), pretrained)
    both = trained(request_for(others=others), pretrained)
    assert plain.generator.calibrated is None
    np.testing.assert_array_equal(both.generator.parameters, plain.generator.parameters)
    expected = set_output(plain.generator, alone.samples, others, settings().output)
    found = both.generator.calibrated
    np.testing.assert_array_equal(found.parameters, expected.parameters)
    np.testing.assert_array_equal(found.noise.factor, expected.noise.factor)
    off = replace(settings(), output=Output("trained", "trained", 0))
    off = trained(request_for(others=others), pretrained, off)
    np.testing.assert_array_equal(off.generator.calibrated.parameters, off.generator.parameters)
