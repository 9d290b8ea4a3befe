"""Scoring: against GridSearchCV and fits made by hand, on any number of processes."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, parallel_config
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from evenomics.balancing.arm import ARMS
from evenomics.balancing.balancer import Balancer
from evenomics.config.arms import Grid, Setting
from evenomics.data.cohort import Cohort
from evenomics.errors import TrainingError
from evenomics.evaluation.classifier import CLASSIFIERS, fit, predict
from evenomics.evaluation.metric import METRICS
from evenomics.evaluation.scoring import score_arm
from evenomics.evaluation.tuning import tune
from evenomics.preparation.samples import Samples
from evenomics.preparation.scaling import SkewScaler
from evenomics.randomness import derive_seed

CLASSES = ["healthy", "ill"]


def table(sizes=(24, 12), p=5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(range(len(sizes)), sizes)
    return Samples(rng.normal(size=(len(y), p)) + 0.6 * y[:, None], y)


def cohort(sizes, name, seed, classes=CLASSES, p=5):
    made = table(sizes, p, seed)
    index = pd.Index([f"{name}{i}" for i in range(len(made.y))], name="sample_id")
    features = pd.DataFrame(10 + made.X, index=index, columns=[f"f{i}" for i in range(p)])
    return Cohort(features, pd.Series(np.array(classes)[made.y], index=index), name)


def balancer(arm="none"):
    return Balancer(ARMS[arm], Setting(), 0, {}, seed=3, names=("e", arm))


def scored(arm="smote", sizes=(24, 12), classes=CLASSES, p=5, **options):
    draw = cohort(sizes, "c24_i0.5", 1, classes, p)
    validation = cohort([40] * len(sizes), "validation", 2, classes, p)
    defaults = {
        "grid": Grid([[0, 0]], [1.0], [0.5]), "samplers": {}, "generators": {}, "hidden": [4],
        "classifiers": ["svc"], "repeats": 3, "folds": 3, "seed": 1,
    }  # fmt: skip
    scaler = SkewScaler().fit(draw.features)
    return score_arm(arm, draw, validation, scaler, classes, **defaults | options)


class Shifted:
    """Stands for a trained generator."""

    def sample(self, n_samples, rng):
        return 0.5 + rng.normal(size=(n_samples, 5))


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_without_balancing_tuning_is_gridsearchcv(kind, weighted):
    """Same folds, same grid, plain classifiers: same choice and same cross-validated AUROC."""
    data = table()
    model = {
        "hist_gradient_boosting": HistGradientBoostingClassifier,
        "svc": SVC,
        "logistic_regression": LogisticRegression,
    }[kind]()
    model.set_params(class_weight="balanced" if weighted else None)
    folds = StratifiedKFold(3, shuffle=True, random_state=derive_seed(3, "folds"))
    search = GridSearchCV(model, list(CLASSIFIERS[kind].grid), scoring="roc_auc", cv=folds)
    with threadpool_limits(limits=1):
        search.fit(data.X, data.y)
    arm = "class_weight" if weighted else "none"
    tuned = tune([kind], data, balancer(arm), n_folds=3)[kind]
    assert tuned.cv_auroc == pytest.approx(search.best_score_, rel=1e-12)
    assert tuned.parameters == search.best_params_
    assert tuned.n_folds == 3


@pytest.mark.parametrize("n_train", [20, 49, 50, 120])
def test_skipped_points_cannot_split_and_others_can(n_train):
    """A point is skipped exactly where the fitted classifier gives all samples one score."""
    kind = CLASSIFIERS["hist_gradient_boosting"]
    rng = np.random.default_rng(0)
    y = np.arange(n_train) % 2
    data = Samples(rng.normal(size=(n_train, 3)) + 2 * y[:, None], y)
    for leaf in kind.grid[0]["min_samples_leaf"]:
        parameters = {"learning_rate": 1e-2, "min_samples_leaf": leaf}
        scores = predict(kind, fit(kind, parameters, data), data).scores[:, 1]
        assert (np.ptp(scores) == 0) == kind.is_constant(parameters, n_train)


def test_fewer_bins_than_255_give_the_very_same_predictions():
    kind, data, new = CLASSIFIERS["hist_gradient_boosting"], table(), table(seed=9)
    parameters = {"learning_rate": 1.0, "min_samples_leaf": 1}
    ours = fit(kind, parameters, data).predict_proba(new.X)
    theirs = HistGradientBoostingClassifier(**parameters, max_bins=255).fit(data.X, data.y)
    np.testing.assert_array_equal(ours, theirs.predict_proba(new.X))


def test_no_point_of_the_svc_is_fitted_twice():
    """A linear kernel has no gamma: as many points as there are values of C."""
    points = CLASSIFIERS["svc"].points
    linear = [point for point in points if point["kernel"] == "linear"]
    assert linear == [{"C": c, "kernel": "linear"} for c in (0.001, 0.01, 0.1, 1)]
    assert all("gamma" in point for point in points if point["kernel"] == "rbf")
    assert len(points) == len(linear) + 12


def test_of_equally_good_kernels_the_linear_one_is_chosen_and_goes_on_beyond_the_training_range():
    """The classes lie apart, so that all kernels are perfect; validation is far away."""
    near, far = table(seed=1), table(seed=2)
    near = Samples(near.X + 20 * near.y[:, None], near.y)
    far = Samples(far.X + 20 * far.y[:, None] + 200, far.y)
    tuned = tune(["svc"], near, balancer(), n_folds=3)["svc"]
    assert (tuned.parameters["kernel"], tuned.cv_auroc) == ("linear", 1)
    aurocs = {}
    for kernel in ("linear", "rbf"):
        model = SVC(kernel=kernel).fit(near.X, near.y)
        aurocs[kernel] = roc_auc_score(far.y, model.decision_function(far.X))
    assert aurocs == {"linear": 1.0, "rbf": 0.5}


def test_test_folds_hold_real_samples_only(monkeypatch):
    """What is predicted while tuning are rows of the draw, its folds; training is balanced."""
    data, seen, trained = table(), [], []

    def spy(kind, model, test):
        seen.append({tuple(row) for row in test.X})
        return predict(kind, model, test)

    def spy_fit(kind, parameters, train, class_weight=None):
        trained.append(np.bincount(train.y).tolist())
        return fit(kind, parameters, train, class_weight)

    monkeypatch.setattr("evenomics.evaluation.tuning.predict", spy)
    monkeypatch.setattr("evenomics.evaluation.tuning.fit", spy_fit)
    tune(["svc"], data, balancer("smote"), n_folds=3)
    folds = [fold for i, fold in enumerate(seen) if fold not in seen[:i]]
    assert [len(fold) for fold in folds] == [12, 12, 12]
    assert set().union(*folds) == {tuple(row) for row in data.X}
    assert trained == [[16, 16]] * len(seen)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_points_that_cannot_win_any_more_are_left(monkeypatch, n_jobs):
    """The choice is that of all points and folds; of equal points it is the first."""
    rng = np.random.default_rng(4)
    n_points = len(CLASSIFIERS["svc"].points)
    for _ in range(50):
        values = rng.integers(3, 6, size=(n_points, 3)) / 5
        values[rng.integers(n_points)] = values[-1] = values.max(axis=0)
        calls = []

        def auroc(name, parameters, train, test, arm, values=values, calls=calls):
            point = CLASSIFIERS[name].points.index(parameters)
            fold = sum(seen == point for seen in calls)
            calls.append(point)
            return values[point, fold]

        monkeypatch.setattr("evenomics.evaluation.tuning._cv_auroc", auroc)
        with parallel_config("threading"):
            found = tune(["svc"], table(), balancer(), n_folds=3, n_jobs=n_jobs)["svc"]
        means = values.mean(axis=1)
        assert found.parameters == CLASSIFIERS["svc"].points[int(np.argmax(means))]
        assert found.cv_auroc == means.max()
        assert len(calls) < values.size


def test_all_cores_can_be_asked_for(monkeypatch):
    """With -1 processes the last point that is left is fitted too; it was waited for for ever."""

    class Busy(Parallel):
        def __call__(self, tasks):
            tasks = list(tasks)
            assert tasks, "a round without a fit brings no end nearer"
            return super().__call__(tasks)

    monkeypatch.setattr("evenomics.evaluation.tuning.Parallel", Busy)
    kind = replace(CLASSIFIERS["svc"], grid={"C": [1]})
    monkeypatch.setitem(CLASSIFIERS._found, "svc", kind)
    one, all_cores = (tune(["svc"], table(), balancer(), n_folds=3, n_jobs=n) for n in (1, -1))
    assert one == all_cores


def test_folds_are_as_many_as_the_smallest_class_allows_and_that_is_noted():
    tuned = tune(["svc"], table((10, 2)), balancer(), n_folds=5)["svc"]
    assert tuned.n_folds == 2
    assert "2 folds" in tuned.note


def test_no_patient_is_on_both_sides_while_tuning(monkeypatch):
    """Whoever is predicted gave no sample to the training fold, at every point and fold."""
    data = table((24, 12))
    data = replace(data, groups=np.array([f"p{i // 3}" for i in range(36)], dtype=object))
    of = {tuple(row): group for row, group in zip(data.X, data.groups, strict=True)}
    trained, tested = [], []

    def spy_fit(kind, parameters, train, class_weight=None):
        trained.append({of[tuple(row)] for row in train.X})
        return fit(kind, parameters, train, class_weight)

    def spy(kind, model, test):
        tested.append({of[tuple(row)] for row in test.X})
        return predict(kind, model, test)

    monkeypatch.setattr("evenomics.evaluation.tuning.fit", spy_fit)
    monkeypatch.setattr("evenomics.evaluation.tuning.predict", spy)
    tuned = tune(["svc"], data, balancer(), n_folds=5)["svc"]
    assert tuned.n_folds == 4
    assert tuned.note == "4 folds, to have whole groups of every class in each"
    assert len(trained) >= 4
    assert all(not one & other for one, other in zip(trained, tested, strict=True))
    assert set().union(*tested) == set(data.groups)


def test_where_every_sample_is_of_its_own_patient_nothing_changes():
    data = table()
    own = replace(data, groups=np.array([f"s{i}" for i in range(36)], dtype=object))
    for arm in ("none", "smote"):
        assert tune(["svc"], own, balancer(arm)) == tune(["svc"], data, balancer(arm))


def test_patients_who_are_recognised_do_not_pass_for_a_class_that_is():
    """Classes at random, three like samples a patient: near chance, unless patients are torn."""
    rng = np.random.default_rng(0)
    draw = cohort((84, 60), "whole", 1)
    groups = pd.Series(np.arange(144) // 3, draw.features.index).astype(str)
    values = np.repeat(rng.normal(size=(48, 5)), 3, axis=0) + 0.01 * rng.normal(size=(144, 5))
    draw = replace(draw, features=draw.features * 0 + values)
    scaler = SkewScaler().fit(draw.features)
    found = {
        name: score_arm(
            "none", replace(draw, groups=which), draw, scaler, CLASSES, grid=Grid([], [], []),
            samplers={}, generators={}, hidden=[], classifiers=["svc"], repeats=2, folds=5, seed=1,
        ).tuning["cv_auroc"].item()
        for name, which in {"torn": None, "whole": groups}.items()
    }  # fmt: skip
    assert found["torn"] > 0.95
    assert found["whole"] < 0.7


def test_scores_are_those_of_the_tuned_classifier_on_validation():
    """Recomputed with scikit-learn alone from the tuning table, for the arm `none`."""
    result = scored("none")
    draw, validation = cohort((24, 12), "d", 1), cohort((40, 40), "v", 2)
    scaler = SkewScaler().fit(draw.features)
    model = SVC(**json.loads(result.tuning["parameters"].item()))
    model.fit(scaler.transform(draw.features), draw.classes)
    values = model.decision_function(scaler.transform(validation.features))
    expected = roc_auc_score(validation.classes == "ill", values)
    auroc = result.scores.query("metric == 'auroc'")
    assert auroc["value"].tolist() == [expected] * 3
    assert auroc["repeat"].tolist() == [0, 1, 2]
    recall = ((values > 0) & (validation.classes == "ill")).sum() / 40
    assert result.scores.query("metric == 'sensitivity'")["value"].iloc[0] == recall


def test_every_repeat_has_samples_of_its_own():
    scores = scored("smote", repeats=6).scores.query("metric == 'auroc'")
    assert len(set(scores["value"])) > 1


def test_memory_does_not_grow_with_the_repeats():
    """A hundred training sets of a wide table would not fit beside each other."""
    peaks = []
    for repeats in (2, 22):
        tracemalloc.start()
        scored(p=1000, repeats=repeats)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    training_set = (24 + 24) * 1000 * 8
    assert peaks[1] - peaks[0] < 3 * training_set


def test_the_result_is_the_same_whatever_the_number_of_processes():
    one, two = scored(n_jobs=1), scored(n_jobs=2)
    for name in ("scores", "tuning", "roc", "generated"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    other = scored(seed=2).scores
    assert not one.scores["value"].equals(other["value"])


def test_generated_samples_are_in_the_users_unit_and_fill_the_gap():
    generated = scored("smote").generated
    assert generated["class"].tolist() == ["ill"] * 12
    assert generated["sample_id"].is_unique
    assert generated[[f"f{i}" for i in range(5)]].to_numpy().mean() == pytest.approx(10.6, abs=0.5)
    assert scored("none").generated.empty


def test_a_sampler_of_another_library_is_scored_as_an_arm_is():
    """As SMOTE and under its own name; one that removes samples has generated none of the rest."""
    tomek = {"class": "imblearn.combine.SMOTETomek", "parameters": {}}
    clean = {"class": "imblearn.under_sampling.EditedNearestNeighbours", "parameters": {}}
    samplers = {"mine": tomek, "clean": clean}
    result = scored("mine", samplers=samplers)
    assert set(result.scores["arm"]) == {"mine"}
    assert result.generated["class"].tolist() == ["ill"] * len(result.generated)
    assert 0 < len(result.generated) <= 12
    assert scored("clean", samplers=samplers).generated.empty


def test_gan_arms_are_scored_at_every_alpha_and_multiplier():
    generators = {
        f"{label}.alpha{alpha}.transfer": Shifted() for label in CLASSES for alpha in (0, 1)
    }
    result = scored(
        "expand_gan", grid=Grid([[0, 0], [1, 0]], [0.5, 1.0], []), generators=generators
    )
    settings = result.scores[["alpha", "multiplier"]].drop_duplicates()
    assert settings.to_numpy().tolist() == [
        ["a0-0", "0.5"], ["a0-0", "1"], ["a1-0", "0.5"], ["a1-0", "1"]
    ]  # fmt: skip
    sizes = result.generated.groupby(["multiplier", "class"]).size() // 2
    assert sizes.to_dict() == {
        ("0.5", "healthy"): 12, ("0.5", "ill"): 24, ("1", "healthy"): 24, ("1", "ill"): 36
    }  # fmt: skip


def test_missing_generators_are_named_before_anything_is_tuned():
    generators = {"healthy.alpha0.transfer": Shifted(), "ill.alpha0.transfer": Shifted()}
    message = (
        r"arm 'expand_gan', experiment 'c24_i0.5': no generators for the GANs "
        r"'ill.alpha1.transfer', 'healthy.alpha1.transfer'; there are those of 'healthy"
    )
    with pytest.raises(TrainingError, match=message):
        scored("expand_gan", grid=Grid([[0, 0], [1, 0], [0, 1]], [1.0], []), generators=generators)


def test_three_classes_and_two_samples_in_one_of_them():
    result = scored("smote", sizes=(12, 6, 2), classes=["a", "b", "c"], folds=5)
    assert len(result.scores) == 3 * len(METRICS)
    note = result.tuning["note"].item()
    assert "2 folds" in note
    assert "SMOTE on a class of 1 sample: copies" in note
    assert "SMOTE with 1 neighbours" in note


def test_roc_curves_are_averaged_over_the_repeats():
    curve = scored("none", repeats=4).roc
    assert curve["fpr"].tolist() == pytest.approx(np.linspace(0, 1, 101))
    assert (curve["tpr_sd"] == 0).all()
    assert scored("smote", repeats=4).roc["tpr_sd"].max() > 0
