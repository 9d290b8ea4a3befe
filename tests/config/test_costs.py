"""The cost model against the real networks, arms, checkpoints, and what was measured."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from evenomics.balancing.arm import ARMS
from evenomics.balancing.balancer import Balancer
from evenomics.balancing.draw_gans import gan_requests, train_draws
from evenomics.config.arms import Grid
from evenomics.config.costs import Costs, Runs, n_parameters
from evenomics.config.names import names
from evenomics.config.plan import Plan
from evenomics.config.source import Size
from evenomics.config.validation import validated
from evenomics.data.cohort import Cohort
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.networks import critic_architecture, generator_architecture, initial_weights
from evenomics.gan.pretraining import pretrain
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import TrainingDraw, prepare
from evenomics.preparation.samples import Samples
from snakemake_runs import ROOT

CLASSES = ["control", "case"]
SIZE = Size(150, 2400, 300, 700)


def config_of(*, experiments: Mapping | None = None, classes=CLASSES, replicates=1, **keys) -> dict:
    study = {"classes": classes, "cohorts": {"source": "builtin"}}
    study["draws"] = {"replicates": replicates}
    if experiments:
        study["experiments"] = experiments
    return validated({"studies": {"s": study}, **keys})


def costs_of(size: Size = SIZE, **keys) -> Costs:
    return Costs(config_of(**keys), "s", "none", size)


@pytest.mark.parametrize(
    ("n_features", "hidden"), [(150, (50, 100, 200)), (20_000, (10,)), (3, (4, 5)), (1, (7, 2, 3))]
)
def test_parameters_are_those_of_the_networks(n_features, hidden):
    assert n_parameters(n_features, hidden) == (
        generator_architecture(n_features, hidden).n_parameters,
        critic_architecture(n_features, hidden[::-1]).n_parameters,
    )


@pytest.mark.parametrize(
    ("n_features", "batch", "hidden", "cycles_per_second", "megabytes"),
    [
        (150, 10, (50, 100, 200), 1123.7, 5),
        (150, 30, (50, 100, 200), 484.1, 6),
        (1000, 10, (50, 100, 200), 196.7, 18),
        (1000, 30, (50, 100, 200), 96.6, 19),
        (5000, 20, (50, 100, 200), 20.5, 78),
        (20_000, 20, (50, 100, 200), 4.9, 311),
        (5000, 20, (200, 400, 800), 4.9, 300),
    ],
)
def test_training_costs_what_was_measured(n_features, batch, hidden, cycles_per_second, megabytes):
    """Rows of bench/RESULTS.md, made on a server of 2.5 GHz; memory is in MiB there."""
    one_cycle = Runs(1, n_features, hidden, batch, 2, 2, 2, 1000)
    assert 1 / one_cycle.seconds == pytest.approx(cycles_per_second, rel=0.3)
    assert one_cycle.thread_bytes / 2**20 == pytest.approx(megabytes, rel=0.2, abs=2)


def test_the_papers_simulation_costs_what_was_measured():
    """One replicate, folds with the generators of the whole draw: 57 minutes on two cores.

    Half or twice as much would be told apart. Scoring is the less certain part: docs/costs.md gives
    a factor of two.
    """
    config = yaml.safe_load((ROOT / "config/paper_simulation.yaml").read_text())
    config["studies"]["simulation"]["draws"] = {"replicates": 1}
    config["scoring"] = {**config.get("scoring", {}), "tuning": "shared_generator"}
    config = validated(config)
    costs = Costs(config, "simulation", "none", SIZE)
    minutes = {stage: seconds / 60 for stage, seconds in costs.seconds.items()}
    assert minutes["pretrain"] == pytest.approx(1.7, rel=0.25)
    assert minutes["retrain"] == pytest.approx(2 * 25, rel=0.25)
    assert 0.6 < minutes["score_arms"] / (34.9 + 11.9 + 11.5) < 1.7
    assert minutes["select"] == 0


# what changes -> settings
SETTINGS = {
    "paper": {},
    "held out": {"gan": {"choice": {"rate_choice": "held_out", "epoch_choice": "held_out"}}},
    "no pre-training": {"arms": ["classic_expand_gan", "smote"]},
}


def draws_of(costs: Costs, p: int) -> list[TrainingDraw]:
    """Return draws of the sizes that are counted, of random samples."""
    scoring, draws = costs.options["scoring"], []
    ids = Plan(costs.config).draws(costs.study)
    for of, counts in zip(ids, costs.draws, strict=True):
        labels = np.repeat(list(counts), list(counts.values()))
        values = np.random.default_rng(0).normal(size=(len(labels), p))
        cohort = Cohort(pd.DataFrame(values), pd.Series(labels))
        draws.append(prepare(of, cohort, n_folds=scoring["folds"], seed=1, scale_folds=True))
    return draws


def test_training_sets_are_as_large_as_the_arms_make_them():
    """Of every arm; those that change nothing are made once, the others in each repeat."""
    p, counts = 4, {"control": 20, "case": 8, "third": 12}
    costs = costs_of(
        Size(p, 40, 30, 30, counts),
        classes=list(counts),
        arms=list(names("arms")),
        experiments={"whole": True, "controls": []},
        multipliers=[0.5],
        alphas=[[0, 0]],
    )
    y = np.repeat(range(3), list(counts.values()))
    samples = Samples(np.random.default_rng(0).normal(size=(len(y), p)), y)
    weights = initial_weights(p, (3,), np.random.default_rng(0))
    generator = Generator.from_weights(weights)
    generators = dict.fromkeys(range(3), replace(generator, calibrated=generator))
    found = {of.arm: of for of in costs.training_sets()}
    assert found.keys() == names("arms").keys() - {"auto"}
    for arm, of in found.items():
        (setting,) = ARMS[arm].settings(Grid.of(costs.options))
        balanced, _ = Balancer(ARMS[arm], setting, 0, generators, 1, ()).balance(samples)
        size = len(balanced.y)
        if arm in ("adasyn", "svm_smote"):  # they do not promise equal counts
            assert 40 < size < 70
        else:
            assert (of.n_drawn, of.n_samples) == (40, size), arm
        assert of.n_repeats == (1 if balanced is samples else 20), arm


@pytest.mark.parametrize("in_folds", [True, False])
@pytest.mark.parametrize("name", ["paper", "held out", "no pre-training"])
def test_checkpoints_take_the_room_that_is_said(name, in_folds, tmp_path):
    """Of a real training: some runs end early or are done again, so their number is not exact."""
    gan = {
        **SETTINGS[name].get("gan", {}),
        "pretraining": {"epochs": [50, 50, 50]},
        "retraining": {"epochs_1": 60, "epochs_2": 40},
    }
    costs = costs_of(
        Size(30, 200, 80, 100),
        experiments={"controls": [40], "imbalance": [0.5]},
        **{**SETTINGS[name], "gan": gan},
        scoring={"tuning": "fold" if in_folds else "shared_generator"},
    )
    settings = GanSettings.from_mapping(costs.options["gan"])
    training = Training(engine="cpu", threads=2, checkpoints=tmp_path / "checkpoints")
    pretrained = None
    if costs.pretraining:
        external = np.random.default_rng(1).normal(size=(80, 30))
        pretrained = pretrain(external, settings, seed=1, training=training)
    train_draws(
        draws_of(costs, 30),
        pretrained,
        tmp_path / "training",
        entries=[names("arms")[arm] for arm in costs.options["arms"]],
        alphas=costs.options["alphas"],
        classes=CLASSES,
        settings=settings,
        in_folds=in_folds,
        seed=1,
        training=training,
    )
    room = sum(path.stat().st_size for path in (tmp_path / "checkpoints").iterdir())
    assert costs.checkpoint_bytes == pytest.approx(room, rel=0.15)
    files = [*(tmp_path / "training").rglob("*.safetensors")]
    assert len(files) == costs.n_gans


@pytest.mark.parametrize("tuning", ["fold", "draw", "shared_generator", "balanced"])
def test_gans_are_counted_as_they_are_asked_for(tuning):
    """Three classes, three replicates, one draw of the whole cohort; the largest class differs."""
    counts = {"control": 10, "case": 30, "third": 8}
    costs = costs_of(
        Size(2, 48, 30, 30, counts),
        classes=list(counts),
        arms=["smote", "gan", "classic_expand_gan"],
        experiments={"whole": True, "controls": [10, 20], "imbalance": [0.5]},
        replicates=3,
        scoring={"folds": 4, "tuning": tuning},
    )
    draws = draws_of(costs, 2)
    assert len(draws) == 1 + 2 * 3
    entries = [names("arms")[arm] for arm in costs.options["arms"]]
    asked = [gan_requests(draw, entries, costs.options["alphas"], costs.classes) for draw in draws]
    in_folds = Plan(costs.config).trains_in_folds(costs.study)
    n_folds = [in_folds * len(draw.folds) for draw in draws]
    assert costs.n_gans == sum((1 + n) * len(gans) for n, gans in zip(n_folds, asked, strict=True))
    # two learning rates, each with three values, and the folds at those that were chosen
    n_runs = sum((6 + 2 * n) * len(gans) for n, gans in zip(n_folds, asked, strict=True))
    assert sum(runs.n for runs in costs.retraining) == n_runs


def test_replicates_cost_what_they_do_anew():
    """Draws of fixed cohorts share their pre-training and selection, splits of a table do not."""
    one, three = (costs_of(replicates=n) for n in (1, 3))
    for stage in ("retrain", "score_arms"):
        assert three.seconds[stage] == pytest.approx(3 * one.seconds[stage])
    assert three.seconds["pretrain"] == one.seconds["pretrain"]
    assert three.checkpoint_bytes > 2 * one.checkpoint_bytes
    assert three.result_bytes > 2 * one.result_bytes

    def split_costs(n: int) -> Costs:
        cohorts = {"source": "sklearn", "dataset": "breast_cancer", "split": {"replicates": n}}
        study = {"classes": ["benign", "malignant"], "cohorts": cohorts}
        config = validated({"studies": {"s": {**study, "selections": ["lasso_en"]}}})
        return Costs(config, "s", "lasso_en", SIZE)

    one, three = split_costs(1), split_costs(3)
    for stage in ("select", "pretrain", "retrain", "score_arms"):
        assert three.seconds[stage] == pytest.approx(3 * one.seconds[stage]) != 0


def test_tuning_costs_most_where_it_is_done_anew_in_every_fold():
    fold, draw, shared, balanced = (
        costs_of(scoring={"tuning": tuning})
        for tuning in ("fold", "draw", "shared_generator", "balanced")
    )
    assert draw.seconds["score_arms"] < 0.8 * fold.seconds["score_arms"]
    assert shared.seconds["score_arms"] == fold.seconds["score_arms"]
    assert shared.seconds["retrain"] < 0.7 * fold.seconds["retrain"]
    assert draw.seconds["retrain"] == fold.seconds["retrain"]
    assert shared.n_gans == fold.n_gans / 6
    assert balanced.seconds == shared.seconds


def test_tuning_costs_as_much_as_its_grid_has_points_and_nothing_if_there_is_none(tmp_path):
    """Three kernels' worth of 12 points; a table of given ones leaves one point each."""
    (tmp_path / "given.tsv").touch()

    def seconds(**scoring) -> float:
        keys = {"classifiers": ["svc"], "repeats": 2, **scoring}
        return costs_of(scoring=keys).seconds["score_arms"]

    def grid(n: int) -> dict:
        return {"svc": [{"C": [1] * n, "gamma": [0.1, 1]}, {"C": [2] * n}]}

    one, four = (seconds(grids=grid(n)) for n in (1, 4))
    given = seconds(grids=grid(4), hyper_parameters=str(tmp_path / "given.tsv"))
    per_point = (four - one) / 9
    assert (
        one - 3 * per_point
        == pytest.approx(given - per_point)
        == pytest.approx(four - 12 * per_point)
    )
    assert given == seconds(tuning="draw")
    assert seconds(grids={"logistic_regression": [{"C": [1]}]}) == seconds()


def test_an_epoch_can_be_one_generator_update():
    """Its updates of the critic do not depend on the samples; generated samples cost their part."""
    short = {"updates": {"epoch": "generator_update"}}
    base = costs_of(gan=short)
    for runs, n_updates in zip(base.pretraining, (1, 1, 2), strict=True):
        assert runs.updates == runs.epochs * n_updates
    assert {runs.updates / runs.epochs for runs in base.retraining} == {2}
    wide = costs_of(gan={"updates": {**short["updates"], "generator_batch": 400}})
    assert wide.seconds["retrain"] > 2 * base.seconds["retrain"]
    assert wide.memory(8)["retrain"] > base.memory(8)["retrain"] + 8 * 400 * 500 * 60
    equal = replace(base.retraining[0], generator_batch=base.retraining[0].batch)
    assert equal.seconds == base.retraining[0].seconds
    assert equal.thread_bytes == base.retraining[0].thread_bytes


def test_a_last_training_up_to_the_last_epoch_of_all_counts():
    base, more = costs_of(), costs_of(gan={"retraining": {"final_epochs": 20000}})
    n_gans = base.n_gans / 6
    assert sum(runs.n for runs in more.retraining) == sum(runs.n for runs in base.retraining) + (
        n_gans
    )
    assert more.seconds["retrain"] > 1.5 * base.seconds["retrain"]


def test_each_thing_asked_for_costs_more():
    """Experiments, classes, repeats, features, external samples: each where it should."""
    base = costs_of()
    more = {
        "retrain": costs_of(alphas=[[0, 0], [1, 0], [1, 1], [2, 2]]),
        "score_arms": costs_of(scoring={"repeats": 200}),
        "pretrain": costs_of(Size(150, 2400, 600, 700)),
    }
    for stage, costs in more.items():
        assert costs.seconds[stage] > 1.3 * base.seconds[stage]
    wider = costs_of(Size(1500, 2400, 300, 700))
    assert all(wider.seconds[stage] > 2 * base.seconds[stage] for stage in more)
    threads = [base.memory(n) for n in (1, 8)]
    for stage in ("retrain", "score_arms"):
        assert threads[1][stage] > threads[0][stage]
    assert threads[1]["pretrain"] == threads[0]["pretrain"]


def test_a_gpu_is_not_counted_and_the_torch_engine_has_one_core():
    cpu, torch, cuda = (costs_of(engine=engine) for engine in ("cpu", "torch", "cuda"))
    assert cuda.seconds["retrain"] == cuda.seconds["pretrain"] == 0
    assert cuda.seconds["score_arms"] == cpu.seconds["score_arms"]
    assert cpu.longest["retrain"] < cpu.seconds["retrain"] / 30
    assert torch.longest["retrain"] == torch.seconds["retrain"] > 3 * cpu.seconds["retrain"]
    assert cuda.memory(8)["retrain"] == cuda.memory(1)["retrain"]  # stacks, not one per core


def test_the_whole_cohort_counts_with_its_classes_where_they_are_known():
    options = {"experiments": {"whole": True, "controls": []}}
    assert costs_of(Size(5, 60, 10, 10), **options).draws == [{"control": 30, "case": 30}]
    counts = {"control": 50, "case": 10}
    assert costs_of(Size(5, 60, 10, 10, counts), **options).draws == [counts]


def test_every_classifier_says_what_it_costs():
    for entry in names("classifiers").values():
        assert entry["points"] > 0
        assert entry["microseconds"].keys() == {"fit", "sample", "value", "pair"}
