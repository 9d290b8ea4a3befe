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
from sklearn.metrics import make_scorer, matthews_corrcoef, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from evenomics.balancing.arm import arm_named
from evenomics.balancing.balancer import Balancer
from evenomics.balancing.draw_gans import DrawGenerators
from evenomics.config.arms import Grid, Setting
from evenomics.config.experiments import DrawId
from evenomics.data.cohort import Cohort
from evenomics.errors import TrainingError
from evenomics.evaluation.classifier import CLASSIFIERS, fit, points_of, predict
from evenomics.evaluation.metric import METRICS, Metric, Prediction, values_of
from evenomics.evaluation.predictions import prediction_of
from evenomics.evaluation.scoring import Scoring
from evenomics.evaluation.tuning import BalancedFold, balanced_folds, tune
from evenomics.preparation.draw_files import prepare
from evenomics.preparation.folds import stratified_folds
from evenomics.preparation.samples import Samples, scaled_samples
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
    return Balancer(arm_named(arm, {}), Setting(), 0, {}, 3, ("e", arm))


def folds_of(data, arm="none", n_folds=3):
    """Folds of a table as it is, their training sets balanced."""
    parts, _ = stratified_folds(data.y, n_folds, 3, data.groups)
    return [
        BalancedFold(
            balancer(arm).balance(Samples(data.X[train], data.y[train]), "fold", i)[0],
            Samples(data.X[test], data.y[test]),
        )
        for i, (train, test) in enumerate(parts)
    ]


def tuned_on(classifiers, folds, **options):
    """Tune on the grids that the classifiers have."""
    return tune({name: CLASSIFIERS[name].points for name in classifiers}, folds, **options)


def training_draw(sizes=(24, 12), classes=CLASSES, p=5, n_folds=3, scale_folds=True, groups=None):
    drawn = replace(cohort(sizes, "d", 1, classes, p), groups=groups)
    return prepare(DrawId("c24_i0.5"), drawn, n_folds=n_folds, seed=1, scale_folds=scale_folds)


def scored(arm="smote", sizes=(24, 12), classes=CLASSES, p=5, draw=None, **options):
    draw = draw or training_draw(sizes, classes, p, options.pop("folds", 3))
    validation = cohort([40] * len(sizes), "v", 2, classes, p)
    generators = DrawGenerators(options.pop("generators", {}), options.pop("of_folds", ()))
    samplers = options.pop("samplers", {})
    of_score = {key: options.pop(key) for key in ("n_jobs", "parameters") if key in options}
    defaults = {
        "grid": Grid([[0, 0]], [1.0], [0.5]), "classifiers": ["svc"], "repeats": 3, "seed": 1,
        "networks": {"hidden": [4]},
    }  # fmt: skip
    scoring = Scoring(classes, **defaults | options)
    return scoring.score(arm_named(arm, samplers), draw, validation, generators, **of_score)


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
    folds = StratifiedKFold(3, shuffle=True, random_state=3)
    search = GridSearchCV(model, list(CLASSIFIERS[kind].grid), scoring="roc_auc", cv=folds)
    with threadpool_limits(limits=1):
        search.fit(data.X, data.y)
    weight = "balanced" if weighted else None
    tuned = tuned_on([kind], folds_of(data), class_weight=weight)[kind]
    assert tuned.cv_score == pytest.approx(search.best_score_, rel=1e-7)
    assert tuned.parameters == search.best_params_


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
    tuned = tuned_on(["svc"], folds_of(near))["svc"]
    assert (tuned.parameters["kernel"], tuned.cv_score) == ("linear", 1)
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
    tuned_on(["svc"], folds_of(data, "smote"))
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

        def predicted(name, parameters, fold, class_weight, values=values, calls=calls):
            point = CLASSIFIERS[name].points.index(parameters)
            fold = sum(seen == point for seen in calls)
            calls.append(point)
            return Prediction(np.array([0, 1]), np.full((2, 2), values[point, fold]))

        monkeypatch.setattr("evenomics.evaluation.tuning._predicted", predicted)
        monkeypatch.setitem(METRICS._found, "auroc", Metric("auroc", lambda of: of.scores[0, 0]))
        monkeypatch.setattr("evenomics.evaluation.tuning.fit_calibration", lambda of: None)
        with parallel_config("threading"):
            found = tuned_on(["svc"], folds_of(table()), n_jobs=n_jobs)["svc"]
        means = values.mean(axis=1)
        assert found.parameters == CLASSIFIERS["svc"].points[int(np.argmax(means))]
        assert found.cv_score == means.max()
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
    one, all_cores = (tuned_on(["svc"], folds_of(table()), n_jobs=n)["svc"] for n in (1, -1))
    assert (one.parameters, one.cv_score) == (all_cores.parameters, all_cores.cv_score)


def test_folds_are_as_many_as_the_smallest_class_allows_and_that_is_noted():
    tuning = scored(sizes=(10, 2), folds=5).tuning
    assert tuning["n_folds"].item() == 2
    assert "2 folds" in tuning["note"].item()


def test_no_patient_is_on_both_sides_while_tuning():
    """Whoever is predicted gave no sample to the training fold."""
    names = pd.Series([f"p{i // 3}" for i in range(36)], [f"d{i}" for i in range(36)])
    draw = training_draw(n_folds=5, groups=names)
    folds, note = balanced_folds(draw, CLASSES, [balancer()] * len(draw.folds))
    assert len(folds) == 4
    assert note == "4 folds, to have whole groups of every class in each"
    of = {row: draw.cohort.groups.iloc[row] for row in range(36)}
    for fold in draw.folds:
        assert not {of[row] for row in fold.train} & {of[row] for row in fold.test}
    assert sorted(np.concatenate([fold.test for fold in draw.folds])) == [*range(36)]


def test_patients_who_are_recognised_do_not_pass_for_a_class_that_is():
    """Classes at random, three like samples a patient: near chance, unless patients are torn."""
    rng = np.random.default_rng(0)
    draw = cohort((84, 60), "whole", 1)
    groups = pd.Series(np.arange(144) // 3, draw.features.index).astype(str)
    values = np.repeat(rng.normal(size=(48, 5)), 3, axis=0) + 0.01 * rng.normal(size=(144, 5))
    draw = replace(draw, features=draw.features * 0 + values)
    found = {}
    for name, which in {"torn": None, "whole": groups}.items():
        drawn = replace(draw, groups=which)
        prepared = prepare(DrawId("whole"), drawn, n_folds=5, seed=1, scale_folds=True)
        tuning = scored("none", draw=prepared, repeats=2).tuning
        found[name] = tuning["cv_score"].item()
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
    assert auroc["value"].tolist() == pytest.approx([expected] * 3, abs=1e-12)
    assert auroc["repeat"].tolist() == [0, 1, 2]
    recall = ((values > 0) & (validation.classes == "ill")).sum() / 40
    default = "metric == 'sensitivity' and threshold == 'default'"
    assert result.scores.query(default)["value"].iloc[0] == recall


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
    for name in ("scores", "tuning", "generated"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    for first, second in zip(one.predictions, two.predictions, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
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
        r"arm 'expand_gan', draw 'c24_i0.5.1': no generators for the GANs "
        r"'ill.alpha1.transfer', 'healthy.alpha1.transfer'; there are those of 'healthy"
    )
    with pytest.raises(TrainingError, match=message):
        scored("expand_gan", grid=Grid([[0, 0], [1, 0], [0, 1]], [1.0], []), generators=generators)


def test_three_classes_and_two_samples_in_one_of_them():
    result = scored("smote", sizes=(12, 6, 2), classes=["a", "b", "c"], folds=5)
    assert set(result.scores.groupby(["metric", "threshold"]).size()) == {3}
    note = result.tuning["note"].item()
    assert "2 folds" in note
    assert "SMOTE on a class of 1 sample: copies" in note
    assert "SMOTE with 1 neighbours" in note


def test_the_generators_of_a_fold_balance_that_fold_and_no_other(monkeypatch):
    """Each fold is trained with samples of its own generator, the repeats with the draw's."""

    class Constant:
        def __init__(self, value):
            self.value = value

        def sample(self, n_samples, rng):
            return np.full((n_samples, 5), self.value)

    trained = []

    def spy(kind, parameters, train, class_weight=None):
        trained.append({*train.X[train.X[:, 0] >= 100, 0]})
        return fit(kind, parameters, train, class_weight)

    monkeypatch.setattr("evenomics.evaluation.tuning.fit", spy)
    monkeypatch.setattr("evenomics.evaluation.scoring.fit", spy)
    name = "ill.alpha0.transfer"
    own = [{name: Constant(101.0 + i)} for i in range(3)]
    scored("gan", generators={name: Constant(100.0)}, of_folds=own, repeats=2)
    assert trained[-2:] == [{100.0}] * 2
    assert set().union(*trained[:-2]) == {101.0, 102.0, 103.0}
    trained.clear()
    scored("gan", generators={name: Constant(100.0)}, repeats=2)
    assert set().union(*trained) == {100.0}


def test_nothing_of_a_test_fold_reaches_its_training():
    """Other values in the test samples of a fold change nothing that the fold is trained on."""
    draw, seen = training_draw(), []
    for shift in (0, 1000):
        test = draw.folds[0].test
        features = draw.cohort.features.copy()
        features.iloc[test] += shift
        changed = prepare(
            draw.id, replace(draw.cohort, features=features), n_folds=3, seed=1, scale_folds=True
        )
        folds, _ = balanced_folds(changed, CLASSES, [balancer("smote")] * 3)
        seen.append(folds[0].train.X)
    np.testing.assert_array_equal(*seen)


def test_one_setting_of_an_arm_is_chosen_by_cross_validation_for_every_classifier():
    generators = {f"ill.alpha{alpha}.transfer": Shifted() for alpha in (0, 1, 2)}
    tuning = scored(
        "gan", grid=Grid([[0, 0], [1, 0], [2, 0]], [1.0], []), generators=generators,
        classifiers=["svc", "logistic_regression"],
    ).tuning  # fmt: skip
    for _, rows in tuning.groupby("classifier"):
        assert rows["chosen"].tolist() == (rows.index == rows["cv_score"].idxmax()).tolist()
    assert tuning["chosen"].sum() == 2


def test_hyper_parameters_that_are_chosen_already_are_not_tuned():
    given = {"svc": {"C": 0.5, "kernel": "linear"}}
    tuning = scored("smote", parameters=given).tuning
    assert json.loads(tuning["parameters"].item()) == given["svc"]
    assert 0 < tuning["cv_score"].item() < 1


def test_hyper_parameters_of_the_table_come_before_all_others_where_a_row_fits():
    """By setting and classifier; what has no row is tuned, and the note says so."""
    generators = {f"ill.alpha{alpha}.transfer": Shifted() for alpha in (0, 1)}
    tuning = scored(
        "gan", grid=Grid([[0, 0], [1, 0]], [1.0], []), generators=generators,
        classifiers=["svc", "logistic_regression"],
        hyper_parameters=[{"classifier": "svc", "alpha": "a1-0", "parameters": {"gamma": 3.0}}],
        grids={"svc": [{"C": [7]}], "logistic_regression": [{"C": [8]}]},
        parameters={"svc": {"C": 6}, "logistic_regression": {"C": 9}},
    ).tuning.set_index(["alpha", "classifier"])  # fmt: skip
    found = tuning["parameters"].map(json.loads).to_dict()
    assert found == {
        ("a0-0", "svc"): {"C": 6}, ("a1-0", "svc"): {"gamma": 3.0},
        ("a0-0", "logistic_regression"): {"C": 9}, ("a1-0", "logistic_regression"): {"C": 9},
    }  # fmt: skip
    tuned = tuning["note"].str.contains("no hyper-parameters are given for it: tuned")
    assert tuned.to_dict() == {place: place != ("a1-0", "svc") for place in found}
    assert "given" not in scored("smote").tuning["note"].item()


@pytest.mark.parametrize("kind", ["hist_gradient_boosting", "svc"])
@pytest.mark.parametrize("metric", ["hard_auroc", "mcc"])
def test_with_a_metric_and_a_grid_of_ones_own_tuning_is_gridsearchcv(kind, metric):
    """Ties, which predicted classes have often, go to the first point as there."""
    grids = {
        "hist_gradient_boosting": {"min_samples_leaf": [50, 1, 5], "learning_rate": [1, 0.1]},
        "svc": {"kernel": ["rbf", "linear"], "gamma": [0.1, 0.8], "C": [1, 5, 50]},
    }
    models = {"hist_gradient_boosting": HistGradientBoostingClassifier, "svc": SVC}
    score = {"hard_auroc": roc_auc_score, "mcc": matthews_corrcoef}[metric]
    for seed in range(4):
        data = table(seed=seed)
        folds = StratifiedKFold(3, shuffle=True, random_state=3)
        search = GridSearchCV(models[kind](), grids[kind], scoring=make_scorer(score), cv=folds)
        with threadpool_limits(limits=1):
            search.fit(data.X, data.y)
        points = points_of(kind, {kind: [grids[kind]]})
        tuned = tune({kind: points}, folds_of(data), metric=metric)[kind]
        assert tuned.cv_score == pytest.approx(search.best_score_, rel=1e-12)
        assert tuned.parameters == search.best_params_


def test_a_classifier_that_cannot_split_predicts_one_class_alone():
    """As its fit would: for predicted classes, too, no better than chance, and no worse."""
    data = table((20, 20))
    constant = {"learning_rate": 0.1, "min_samples_leaf": 20}
    for parameters in (constant, {"learning_rate": 0.1}):  # 20 is the default
        of = {"hist_gradient_boosting": [parameters]}
        tuned = tune(of, folds_of(data), metric="hard_auroc")["hist_gradient_boosting"]
        model = HistGradientBoostingClassifier(**parameters)
        folds = StratifiedKFold(3, shuffle=True, random_state=3)
        scorer = make_scorer(roc_auc_score)
        expected = cross_val_score(model, data.X, data.y, scoring=scorer, cv=folds)
        assert tuned.cv_score == expected.mean() == 0.5


def test_a_draw_that_is_balanced_first_is_divided_afterwards():
    """Against folds made by hand of what SMOTE gives for the whole draw; groups do not matter."""
    names = pd.Series([f"p{i // 3}" for i in range(36)], [f"d{i}" for i in range(36)])
    draw = training_draw(groups=names, scale_folds=False)
    point = {"C": 1, "kernel": "linear"}
    row = scored(
        "smote", draw=draw, tuning="balanced", folds=4, grids={"svc": [{k: [v] for k, v in
        point.items()}]}, tuning_metric="hard_auroc",
    ).tuning.iloc[0]  # fmt: skip
    train = scaled_samples(draw.cohort, draw.scaler, CLASSES)
    whole = Balancer(arm_named("smote", {}), Setting(), 0, {}, 1, (draw.id.name, "smote"))
    balanced, _ = whole.balance(train, "tuning")
    assert np.bincount(balanced.y).tolist() == [24, 24]
    seed = derive_seed(1, "folds", *draw.id)
    folds = StratifiedKFold(4, shuffle=True, random_state=seed)
    scorer = make_scorer(roc_auc_score)
    expected = cross_val_score(SVC(**point), balanced.X, balanced.y, scoring=scorer, cv=folds)
    assert row["cv_score"] == pytest.approx(expected.mean(), rel=1e-12)
    assert (row["cv_metric"], row["n_folds"]) == ("hard_auroc", 4)
    assert "folds" not in row["note"]


def test_copies_in_both_training_and_test_make_a_cross_validated_score_too_high():
    """Of pure noise: the neighbour of a copy is itself."""
    data = cohort((40, 10), "d", 1)
    noise = np.random.default_rng(0).normal(size=data.features.shape)
    noise = replace(data, features=data.features * 0 + noise)
    draw = prepare(DrawId("whole"), noise, n_folds=5, seed=1, scale_folds=False)
    grids = {"svc": [{"C": [100], "gamma": [3]}]}
    found = {
        tuning: scored("random_over", draw=draw, tuning=tuning, grids=grids).tuning
        for tuning in ("shared_generator", "balanced")
    }
    assert found["shared_generator"]["cv_score"].item() < 0.7
    assert found["balanced"]["cv_score"].item() > 0.95


def test_the_generators_of_the_whole_draw_balance_what_is_divided_afterwards(monkeypatch):
    seen = []

    class Constant:
        def sample(self, n_samples, rng):
            return np.full((n_samples, 5), 100.0)

    def spy(kind, model, test):
        seen.append((test.X[:, 0] == 100).sum())
        return predict(kind, model, test)

    monkeypatch.setattr("evenomics.evaluation.tuning.predict", spy)
    grids = {"svc": [{"C": [1]}]}
    scored("gan", generators={"ill.alpha0.transfer": Constant()}, tuning="balanced", grids=grids)
    assert len(seen) == 5
    assert sum(seen) == 12  # each generated sample is in a test fold


def test_what_cross_validation_maximises_chooses_the_setting_of_an_arm():
    """Each of two metrics has scores of its own, and its name stands beside them."""
    generators = {f"ill.alpha{alpha}.transfer": Shifted() for alpha in range(6)}
    grid = Grid([[alpha, 0] for alpha in range(6)], [1.0], [])
    found = {}
    for metric in ("auroc", "sensitivity"):
        tuning = scored("gan", grid=grid, generators=generators, tuning_metric=metric).tuning
        assert set(tuning["cv_metric"]) == {metric}
        found[metric] = {*tuning["cv_score"]}
        assert tuning.index[tuning["chosen"]].item() == tuning["cv_score"].idxmax()
    assert len(found["auroc"]) > 1 < len(found["sensitivity"])
    assert found["auroc"] != found["sensitivity"]


def test_what_is_kept_of_predictions_gives_the_scores():
    """Every metric of every repeat, computed again from the table of predictions."""
    result = scored("smote", classifiers=["svc", "logistic_regression"])
    predictions = pd.concat(result.predictions)
    for (classifier, repeat), rows in predictions.groupby(["classifier", "repeat"]):
        assert rows["sample_id"].tolist() == [f"v{i}" for i in range(80)]
        values = values_of(prediction_of(rows, CLASSES))
        kept = result.scores[
            (result.scores["classifier"] == classifier) & (result.scores["repeat"] == repeat)
        ].set_index(["metric", "threshold"])["value"]
        assert kept.to_dict() == pytest.approx(values, nan_ok=True)
