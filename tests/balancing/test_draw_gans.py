"""GANs of training draws: which there are, on what each is trained, and where it lies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenomics.balancing.draw_gans import (
    DrawGenerators,
    gan_requests,
    load_draw_generators,
    train_draws,
)
from evenomics.config.experiments import DrawId
from evenomics.config.names import names
from evenomics.data.cohort import Cohort
from evenomics.errors import TrainingError
from evenomics.files import read_table
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.pretraining import pretrain
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain, retrain_as_chosen
from evenomics.gan.serialization import load_generator
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import TrainingDraw, prepare
from evenomics.preparation.scaling import SkewScaler

CLASSES = ["control", "case"]
ALPHAS = [[0, 0], [1, 0], [1, 1]]
N_FOLDS, P = 3, 4
TRAINING = Training(engine="cpu", dtype="float64")
# One rate and one evaluation of each: what is chosen is the same whatever the samples are.
SETTINGS = GanSettings.from_mapping(
    {
        "networks": {"hidden": [3, 4, 5]},
        "pretraining": {"epochs": [3, 3, 3]},
        "retraining": {
            "epochs_1": 10, "epochs_2": 10, "learning_rates_1": [1e-3], "learning_rates_2": [1e-4],
        },
        "choice": {"eval_every": 10, "speed_window": 5, "threshold": -1e6},
    }
)  # fmt: skip


def entries(*arms: str) -> list:
    return [names("arms")[arm] for arm in arms]


@pytest.fixture(scope="module")
def pretrained():
    external = np.random.default_rng(0).normal(size=(40, P))
    return pretrain(external, SETTINGS, seed=1, training=TRAINING)


def draw_of(
    experiment="e", replicate=1, sizes=(12, 6), groups_of=None, classes=CLASSES, scale_folds=True
) -> TrainingDraw:
    rng = np.random.default_rng([replicate, *sizes, *experiment.encode()])
    index = [f"s{i}" for i in range(sum(sizes))]
    features = pd.DataFrame(rng.normal(size=(len(index), P)), index, list("abcd"))
    labels = pd.Series(rng.permutation(np.repeat(classes, sizes)), index)
    number = labels.groupby(labels).cumcount() // (groups_of or 1)
    groups = labels + number.astype(str) if groups_of else None
    return prepared(
        DrawId(experiment, replicate), Cohort(features, labels, groups=groups), scale_folds
    )


def prepared(draw: DrawId, cohort: Cohort, scale_folds=True) -> TrainingDraw:
    return prepare(draw, cohort, n_folds=N_FOLDS, seed=1, scale_folds=scale_folds)


def train(draws, pretrained, folder, arms=("expand_gan",), in_folds=True) -> None:
    train_draws(
        draws,
        pretrained,
        folder,
        entries=entries(*arms),
        alphas=[[1, 0]],
        classes=CLASSES,
        settings=SETTINGS,
        in_folds=in_folds,
        seed=1,
        training=TRAINING,
    )


def assert_parameters(found: Generator, expected: Generator) -> None:
    """Compare them in the precision of the files."""
    np.testing.assert_array_equal(found.parameters, expected.parameters.astype(np.float32))


def test_an_experiment_needs_four_pretrained_and_two_classic_gans():
    """Alphas 0/0, 1/0 and 1/1 share their GANs (paper: four an experiment)."""
    draw = draw_of(sizes=(9, 4), replicate=2)
    requests = gan_requests(draw, entries(*names("arms")), ALPHAS, CLASSES)
    assert {(r.class_name, r.alpha, r.over, r.variant) for r in requests} == {
        (label, alpha, label == "control", variant)
        for label in CLASSES
        for alpha, variant in [(0, "transfer"), (1, "transfer"), (0, "classic")]
    }
    assert len(requests) == 6
    assert {(r.experiment, r.replicate, r.fold) for r in requests} == {("e", 2, None)}
    assert gan_requests(draw, entries("none", "smote"), ALPHAS, CLASSES) == []
    (classic,) = gan_requests(draw, entries("classic_gan"), ALPHAS, CLASSES)
    assert classic.class_name == "case"


@pytest.mark.parametrize("groups_of", [None, 2])
def test_each_gan_is_asked_for_with_the_scaled_samples_of_its_class(groups_of):
    """The largest class is over-represented, here the last one of three."""
    classes = ["a", "b", "c"]
    draw = draw_of(sizes=(4, 6, 8), classes=classes, groups_of=groups_of)
    requests = gan_requests(draw, entries("expand_gan"), [[1, 0]], classes)
    assert [(r.class_name, r.alpha, r.over) for r in requests] == [
        ("a", 1, False), ("b", 1, False), ("c", 0, True),
    ]  # fmt: skip
    scaled = SkewScaler().fit(draw.cohort.features).transform(draw.cohort.features)
    for request in requests:
        rows = draw.cohort.classes == request.class_name
        np.testing.assert_array_equal(request.samples, scaled[rows])
        if groups_of:
            np.testing.assert_array_equal(request.groups, draw.cohort.groups[rows])
        else:
            assert request.groups is None


@pytest.mark.parametrize("in_folds", [True, False])
def test_every_draw_has_a_folder_with_its_tables_and_generators(in_folds, pretrained, tmp_path):
    draws = [draw_of(), draw_of(replicate=2), draw_of("f", sizes=(8, 4))]
    train(draws, pretrained, tmp_path, in_folds=in_folds)
    folds = ["", *(f"fold{k}/" for k in range(1, 1 + N_FOLDS))] if in_folds else [""]
    gans = ["control.alpha0.transfer", "case.alpha1.transfer"]
    expected = {f"{fold}{gan}.safetensors" for fold in folds for gan in gans}
    expected |= {"chosen.tsv", "rates.tsv", "history.tsv.gz"}
    assert {path.name for path in tmp_path.iterdir()} == {"e.1", "e.2", "f.1"}
    for draw in draws:
        folder = tmp_path / draw.id.name
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*t*")}
        assert files == expected
        for table in ("chosen.tsv", "rates.tsv", "history.tsv.gz"):
            found = read_table(folder / table)
            assert set(zip(found["experiment"], found["replicate"], strict=True)) == {draw.id}
            assert set(found["gan"]) == set(gans)


@pytest.mark.parametrize("groups_of", [None, 2])
@pytest.mark.parametrize("scale_folds", [True, False])
def test_a_generator_of_a_fold_is_trained_on_its_training_samples_as_the_whole_draw_chose(
    groups_of, scale_folds, pretrained, tmp_path
):
    """Made again by hand: rows, scaler, rates and updates."""
    draw = draw_of(groups_of=groups_of, scale_folds=scale_folds)
    train([draw], pretrained, tmp_path, arms=("gan", "classic_gan"))
    options = {"seed": 1, "training": TRAINING}
    gans = ["case.alpha1.transfer", "case.alpha0.classic"]
    found = load_draw_generators(tmp_path, draw, gans, in_folds=True)
    features, is_case = draw.cohort.features, (draw.cohort.classes == "case").to_numpy()
    assert len(found.folds) == N_FOLDS
    for gan, alpha, variant in zip(gans, (1.0, 0.0), ("transfer", "classic"), strict=True):
        scaled = SkewScaler().fit(features).transform(features)
        request = GanRequest("e", "case", scaled[is_case], alpha, variant=variant)
        if groups_of:
            request = replace(request, groups=draw.cohort.groups[is_case].to_numpy(object))
        (whole,) = retrain([request], pretrained, SETTINGS, **options)
        assert min(whole.chosen["updates_1"], whole.chosen["updates_2"]) > 0
        assert_parameters(found.whole[gan], whole.generator)
        for number, fold in enumerate(draw.folds):
            rows = np.setdiff1d(np.arange(len(features)), fold.test)
            train_features = features.iloc[rows]
            scaler = SkewScaler().fit(train_features if scale_folds else features)
            samples = scaler.transform(train_features)[is_case[rows]]
            assert len(samples) == 4
            of_fold = replace(request, samples=samples, groups=None, fold=number + 1)
            (expected,) = retrain_as_chosen(
                [of_fold], [whole.chosen], pretrained, SETTINGS, **options
            )
            assert_parameters(found.of_fold(number)[gan], expected)
            assert not np.isclose(expected.parameters, whole.generator.parameters).all()


def test_no_generator_of_a_fold_has_seen_its_test_samples(pretrained, tmp_path):
    """They become others: the generators of their fold stay the same, to the bit; no other does."""
    draw = draw_of()
    number, gans = 1, ["control.alpha0.transfer", "case.alpha1.transfer"]
    features = draw.cohort.features.copy()
    features.iloc[draw.folds[number].test] += 5
    changed = prepared(draw.id, replace(draw.cohort, features=features))
    one, other = tmp_path / "one", tmp_path / "other"
    train([draw], pretrained, one)
    train([changed], pretrained, other)
    before, after = (load_draw_generators(at, draw, gans, in_folds=True) for at in (one, other))
    for gan in gans:
        for made, again, same in [
            (before.whole, after.whole, False),
            *((before.of_fold(i), after.of_fold(i), i == number) for i in range(N_FOLDS)),
        ]:
            equal = made[gan].parameters == again[gan].parameters
            assert equal.all() if same else not equal.all()


def test_a_draw_is_trained_the_same_in_any_company(pretrained, tmp_path):
    draws = [draw_of(), draw_of(replicate=2), draw_of("f", sizes=(8, 4))]
    train(draws, pretrained, tmp_path / "all")
    train(draws[1:2], pretrained, tmp_path / "alone")
    files = [*(tmp_path / "alone").rglob("*.safetensors")]
    assert len(files) == 2 * (1 + N_FOLDS)
    for path in files:
        beside = tmp_path / "all" / path.relative_to(tmp_path / "alone")
        one, other = (load_generator(of).parameters for of in (path, beside))
        np.testing.assert_array_equal(one, other)


def test_folds_can_share_the_generators_of_the_whole_draw(pretrained, tmp_path):
    draw, gans = draw_of(), ["case.alpha1.transfer"]
    train([draw], pretrained, tmp_path, arms=("gan",), in_folds=False)
    shared = load_draw_generators(tmp_path, draw, gans, in_folds=False)
    assert [*shared.whole] == gans
    assert all(shared.of_fold(i) is shared.whole for i in range(N_FOLDS))
    with pytest.raises(TrainingError, match="1 of 1 generators") as error:
        load_draw_generators(tmp_path, draw, gans, in_folds=True)
    assert error.value.problems == (f"{tmp_path}/e.1/fold1/{gans[0]}.safetensors is missing",)
    assert load_draw_generators(tmp_path, draw, [], in_folds=False) == DrawGenerators({}, [])


def test_of_a_class_of_two_a_fold_has_one_sample_and_the_generator_it_starts_from(
    pretrained, tmp_path
):
    draw = draw_of(sizes=(12, 2))
    assert len(draw.folds) == 2
    train([draw], pretrained, tmp_path)
    gans = ["control.alpha0.transfer", "case.alpha1.transfer"]
    found = load_draw_generators(tmp_path, draw, gans, in_folds=True)
    start = Generator.from_weights(pretrained.weights)
    for fold in found.folds:
        assert_parameters(fold["case.alpha1.transfer"], start)
        assert not np.isclose(fold["control.alpha0.transfer"].parameters, start.parameters).all()
    assert not np.isclose(found.whole["case.alpha1.transfer"].parameters, start.parameters).all()
