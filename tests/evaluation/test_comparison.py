"""Summaries and the tests between arms of a study, from tables as a run writes them."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from evenomics.columns import COLUMNS
from evenomics.evaluation.comparison import (
    COMPARISON,
    SETTINGS,
    SUMMARY,
    Design,
    by_study,
    compare,
    summarise,
    summarise_chosen,
)
from evenomics.evaluation.inference.contributions import delong, jackknife
from evenomics.evaluation.inference.obuchowski_rockette import obuchowski_rockette
from evenomics.evaluation.inference.resampled import corrected_resampled_t
from evenomics.evaluation.metric import METRICS, Prediction
from evenomics.evaluation.predictions import prediction_table

STUDY = {"study": "s", "selection": "none"}
#: alphas of the arms
ARMS = {
    "none": ["none"],
    "smote": ["none"],
    "gan": ["a0-0", "a1-0"],
    "auto": ["none"],
}
CLASSIFIERS = ["svc", "logistic_regression"]
REPEATS = 3


def values_of(prediction):
    """Values by metric and threshold."""
    return {
        (name, threshold): value
        for name in ("auroc", "auprc", "balanced_accuracy", "mcc")
        for threshold, value in METRICS[name].values(prediction).items()
    }


class Study:
    """A study whose scores, tuning and predictions belong together."""

    def __init__(self, kind="draws", arms=ARMS, replicates=4, classes=("control", "case"), seed=0):
        self.design = Design(kind, 0.4, 40)
        self.classes = list(classes)
        self.predictions, scores, tuning = {}, [], []
        rng = np.random.default_rng(seed)
        codes = np.arange(40) % len(classes)
        ids = rng.permutation([f"S{i}" for i in range(40)])
        shared = rng.normal(size=(40, len(classes))) + np.eye(len(classes))[codes]
        for replicate, arm, classifier in product(range(1, replicates + 1), arms, CLASSIFIERS):
            for alpha in arms[arm]:
                at = {
                    "experiment": "whole", "replicate": replicate, "arm": arm, "alpha": alpha,
                    "multiplier": "none", "bandwidth": "none", "classifier": classifier,
                }  # fmt: skip
                chosen = alpha == arms[arm][replicate % len(arms[arm])]  # one after the other
                tuning.append(STUDY | at | {"chosen": chosen})
                frames = []
                for repeat in range(1 if arm == "none" else REPEATS):
                    scored = shared + rng.normal(size=shared.shape)
                    if len(classes) == 2:
                        scored = scored[:, 1:] * [-1, 1]
                    p = expit(scored)
                    p /= p.sum(axis=1, keepdims=True)
                    prediction = Prediction(codes, scored, p).rounded()
                    prediction = prediction.with_thresholds(np.linspace(0.5, -0.5, len(classes)))
                    order = rng.permutation(40)
                    frame = prediction_table(prediction, ids, self.classes).iloc[order]
                    frames.append(frame.assign(repeat=repeat))
                    scores += [
                        STUDY | at | {
                            "repeat": repeat, "metric": metric, "threshold": threshold,
                            "value": value,
                        }
                        for (metric, threshold), value in values_of(prediction).items()
                    ]  # fmt: skip
                if chosen:
                    self.predictions[replicate, arm, classifier] = pd.concat(frames)
        self.scores, self.tuning = pd.DataFrame(scores), pd.DataFrame(tuning)
        self.replicates = range(1, replicates + 1)

    def read(self, experiment, arm, classifier):
        assert experiment == "whole"
        return {r: self.predictions[r, arm, classifier] for r in self.replicates}

    def compare(self, **options):
        return compare(self.scores, self.tuning, self.read, {"whole": self.design}, **options)

    def value(self, replicate, arm, classifier, metric, threshold):
        """Mean over repeats of a metric, from the predictions."""
        return np.mean([
            values_of(prediction)[metric, threshold]
            for prediction in self.of(replicate, arm, classifier)
        ])  # fmt: skip

    def of(self, replicate, arm, classifier):
        """Predictions in the order of sample ids, read from the table by hand."""
        rows = self.predictions[replicate, arm, classifier].sort_values(["repeat", "sample_id"])
        for _, one in rows.groupby("repeat"):
            codes = one["class"].map(self.classes.index).to_numpy()
            scored = one[[c for c in one if c.startswith("score.")]].to_numpy(float)
            if scored.shape[1] == 1:
                scored = scored * [-1, 1]
            tuned = one["predicted_tuned"].map(self.classes.index).to_numpy()
            yield Prediction(codes, scored, predicted_tuned=tuned)


def row(table, question, arm, classifier="svc"):
    rows = table.query("question == @question & arm == @arm & classifier == @classifier")
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture(scope="module")
def draws():
    return Study()


def test_every_question_has_its_arms_and_references(draws):
    found = draws.compare()
    assert found.columns.tolist() == COMPARISON
    asked = {
        (r.question, r.arm, r.classifier, r.metric, r.threshold, r.reference,
         r.reference_classifier, r.reference_threshold)
        for r in found.itertuples()
    }  # fmt: skip
    others = ["smote", "gan", "auto"]
    expected = set()
    for classifier in CLASSIFIERS:
        expected |= {
            ("smote", "auto", classifier, "auroc", "none", "smote", classifier, "none")
        } | {
            ("balancing", arm, classifier, "auroc", "none", "none", classifier, "none")
            for arm in others
        } | {
            ("threshold", arm, classifier, "balanced_accuracy", "default", "none", classifier,
             "tuned")
            for arm in others
        }  # fmt: skip
    expected |= {
        ("plain", arm, "svc", "auroc", "none", "none", "logistic_regression", "none")
        for arm in ARMS
    }
    assert asked == expected
    assert len(found) == len(expected)
    assert not set(COMPARISON) - set(COLUMNS)


def test_gans_are_compared_with_an_untrained_one_and_without_auto_with_smote():
    arms = {"smote": ["none"], "gan": ["a0-0"], "untrained_gan": ["none"], "mine": ["none"]}
    found = Study(arms=arms, replicates=2).compare()
    pairs = set(found[["question", "arm", "reference"]].itertuples(index=False, name=None))
    assert pairs == {("smote", "gan", "smote"), ("untrained", "gan", "untrained_gan")}


@pytest.mark.parametrize("classes", [("control", "case"), ("b", "a", "c")])
def test_draws_are_compared_by_obuchowski_rockette_at_the_chosen_settings(classes):
    """From predictions read by hand; AUROC by DeLong, the mean of the repeats' contributions."""
    study = Study(classes=classes, seed=1)
    found = row(study.compare(level=0.1), "balancing", "gan")
    sides = [("gan", "svc"), ("none", "svc")]
    values = np.array(
        [[study.value(r, *side, "auroc", "none") for r in study.replicates] for side in sides]
    )
    contributions = np.array([
        [
            np.mean([delong(p.classes, p.scores)[1] for p in study.of(r, *side)], axis=0)
            for r in study.replicates
        ]
        for side in sides
    ])  # fmt: skip
    expected = obuchowski_rockette(values, contributions, 0.4).difference(0, 1)
    assert found[["mean", "mean_reference"]].tolist() == pytest.approx(list(values.mean(axis=1)))
    assert found[["difference", "standard_error", "df", "p_value"]].tolist() == pytest.approx(
        [expected.estimate, expected.standard_error, expected.df, expected.p_value]
    )
    assert found[["low", "high"]].tolist() == pytest.approx(expected.interval(0.1))
    assert found["detectable"] == pytest.approx(expected.detectable(0.1))
    assert found[["n_replicates", "n_validation", "test", "note"]].tolist() == [
        4, 40, "obuchowski_rockette", "",
    ]  # fmt: skip


def test_balanced_accuracy_is_compared_with_that_at_a_moved_threshold(draws):
    """Jackknife of the predicted classes: the arm's own, the reference's at the tuned threshold."""
    found = row(draws.compare(), "threshold", "smote")
    score = METRICS["balanced_accuracy"].score
    sides = [("smote", "default"), ("none", "tuned")]
    values = np.array([
        [draws.value(r, arm, "svc", "balanced_accuracy", at) for r in draws.replicates]
        for arm, at in sides
    ])  # fmt: skip
    contributions = np.array([
        [
            np.mean(
                [jackknife(score, p if at == "default" else p.tuned)
                 for p in draws.of(r, arm, "svc")], axis=0
            )
            for r in draws.replicates
        ]
        for arm, at in sides
    ])  # fmt: skip
    expected = obuchowski_rockette(values, contributions, 0.4).difference(0, 1)
    assert found[["difference", "standard_error", "df", "p_value"]].tolist() == pytest.approx(
        [expected.estimate, expected.standard_error, expected.df, expected.p_value]
    )


def test_splits_are_compared_by_the_corrected_resampled_t(draws):
    study = Study("splits", seed=2)
    found = row(study.compare(), "balancing", "gan")
    differences = np.array([
        study.value(r, "gan", "svc", "auroc", "none")
        - study.value(r, "none", "svc", "auroc", "none")
        for r in study.replicates
    ])  # fmt: skip
    expected = corrected_resampled_t(differences, 0.4)
    assert found[["difference", "t", "df", "p_value"]].tolist() == pytest.approx(
        [expected.estimate, expected.t, 3, expected.p_value]
    )
    assert found["test"] == "corrected_resampled_t"


def test_each_family_is_adjusted_by_itself(draws):
    found = draws.compare()
    families = [["balancing", "smote"], ["threshold"], ["plain"]]
    for family in families:
        p = found[found["question"].isin(family)]
        expected = stats.false_discovery_control(p["p_value"])
        assert p["adjusted_p_value"].tolist() == pytest.approx(list(expected))


@pytest.mark.parametrize("metric", ["mcc", "auprc"])
def test_other_metrics(draws, metric):
    """A metric of predicted classes is compared at the default threshold."""
    found = row(draws.compare(metric=metric), "balancing", "smote")
    threshold = "default" if metric == "mcc" else "none"
    expected = [
        np.mean([draws.value(r, arm, "svc", metric, threshold) for r in draws.replicates])
        for arm in ("smote", "none")
    ]
    assert found[["mean", "mean_reference"]].tolist() == pytest.approx(expected)
    assert found["threshold"] == found["reference_threshold"] == threshold
    assert 0 < found["p_value"] < 1


def test_one_replicate_gives_no_test_but_the_difference():
    study = Study(replicates=1)
    found = study.compare()
    assert found[["p_value", "adjusted_p_value", "low", "high", "detectable"]].isna().all(axis=None)
    assert set(found["test"]) == {"none"}
    assert set(found["note"]) == {"no test: one draw"}
    expected = study.value(1, "smote", "svc", "auroc", "none") - study.value(
        1, "none", "svc", "auroc", "none"
    )
    assert row(found, "balancing", "smote")["difference"] == pytest.approx(expected)


def test_draws_of_all_samples_give_no_test(draws):
    design = {"whole": Design("draws", 1.0, 40)}
    found = compare(draws.scores, draws.tuning, draws.read, design)
    assert set(found["test"]) == {"none"}
    assert found["note"].str.contains("all draws have the same samples").all()


def test_an_arm_that_does_what_none_does_gives_no_test():
    """As class weights do for a classifier that does not take them."""
    same = Study(arms={"none": ["none"]}, replicates=3)
    same.predictions |= {(r, "mine", c): of for (r, _, c), of in same.predictions.items()}
    same.scores = pd.concat([same.scores, same.scores.assign(arm="mine")])
    same.tuning = pd.concat([same.tuning, same.tuning.assign(arm="mine")])
    found = row(same.compare(), "balancing", "mine")
    assert found["difference"] == 0
    assert (found["test"], found["note"]) == ("none", "no test: the difference never varies")


def test_a_class_with_one_validation_sample_gives_no_test():
    study = Study(replicates=2)
    for key, table in study.predictions.items():
        first = table["sample_id"] == table["sample_id"].min()
        study.predictions[key] = table.assign(**{"class": np.where(first, "case", "control")})
    assert set(study.compare()["note"]) == {"no test: one validation sample of a class"}


def test_samples_of_a_patient_are_not_independent(draws):
    """Every sample twice, under another id: the tests are those of once, if groups say so."""
    study = Study()
    ids = sorted(f"S{i}" for i in range(40))
    study.predictions = {
        key: pd.concat([table, table.assign(sample_id="again " + table["sample_id"])])
        for key, table in draws.predictions.items()
    }
    groups = pd.Series(ids * 2, index=[*ids, *(f"again {name}" for name in ids)])
    once, twice, wrong = draws.compare(), study.compare(groups=groups), study.compare()
    for column in ("standard_error", "df", "p_value", "low", "high"):
        np.testing.assert_allclose(twice[column], once[column], rtol=1e-6)
    assert not np.allclose(wrong["p_value"], once["p_value"], rtol=0.1)


def test_a_class_of_one_validation_group_gives_no_test(draws):
    groups = pd.Series([f"P{i % 2}" for i in range(40)], index=[f"S{i}" for i in range(40)])
    truth = draws.predictions[1, "none", "svc"].set_index("sample_id")["class"]
    groups[truth.index[truth == "case"]] = "P0"
    table = draws.compare(groups=groups)
    assert set(table["note"]) == {"no test: one validation group of a class"}


def test_a_metric_that_a_classifier_does_not_have_gives_no_test(draws):
    of_svc = (draws.scores["classifier"] == "svc") & (draws.scores["metric"] == "auprc")
    scores = draws.scores.assign(value=draws.scores["value"].mask(of_svc))
    found = compare(scores, draws.tuning, draws.read, {"whole": draws.design}, "auprc")
    assert "do not have the metric" in row(found, "balancing", "smote")["note"]
    assert row(found, "balancing", "smote", "logistic_regression")["test"] != "none"


def test_where_nothing_is_asked_the_comparison_is_empty():
    """Of `none` alone classifiers are compared, if there are two."""
    study = Study(arms={"none": ["none"]}, replicates=2)
    assert set(study.compare()["question"]) == {"plain"}
    study.scores = study.scores[study.scores["classifier"] == "svc"]
    found = study.compare()
    assert found.empty
    assert found.columns.tolist() == COMPARISON


def test_the_summary_of_settings_has_all_repeats_of_all_replicates(draws):
    found = summarise(draws.scores, draws.tuning)
    assert found.columns.tolist() == SETTINGS
    at = "arm == 'gan' & classifier == 'svc' & metric == 'auroc'"
    by_alpha = found.query(at).set_index("alpha")
    values = draws.scores.query(f"{at} & alpha == 'a1-0'")["value"]
    assert by_alpha.loc["a1-0", "mean"] == pytest.approx(values.mean())
    assert by_alpha.loc["a1-0", "sd"] == pytest.approx(np.sqrt(values.var(ddof=1)))
    assert by_alpha[["n", "n_replicates", "n_chosen"]].to_numpy().tolist() == [[12, 4, 2]] * 2


def test_an_arm_that_never_varies_has_an_sd_of_exactly_0(draws):
    constant = draws.scores.assign(value=0.7312345678)
    found = summarise(constant, draws.tuning)
    assert set(found["mean"]) == {0.7312345678}
    assert set(found["sd"]) == {0.0}


def test_the_summary_of_chosen_settings_varies_over_replicates(draws):
    found = summarise_chosen(draws.scores, draws.tuning, {"whole": draws.design})
    assert found.columns.tolist() == SUMMARY
    assert not set(SUMMARY + SETTINGS) - set(COLUMNS)
    gan = found.query("arm == 'gan' & classifier == 'svc' & metric == 'auroc'").iloc[0]
    values = [draws.value(r, "gan", "svc", "auroc", "none") for r in draws.replicates]
    assert gan[["mean", "sd"]].tolist() == pytest.approx([np.mean(values), np.std(values, ddof=1)])
    assert gan[["n_replicates", "n_repeats", "n_validation"]].tolist() == [4, 3, 40]
    single = Study(replicates=1)
    one = summarise_chosen(single.scores, single.tuning, {"whole": single.design})
    assert one["sd"].isna().all()


def test_one_row_per_study_and_arm_averages_over_experiments(draws):
    one = summarise_chosen(draws.scores, draws.tuning, {"whole": draws.design})
    both = pd.concat([one, one.assign(experiment="other", mean=one["mean"] + 0.1)])
    found = by_study(both).set_index("arm")
    gan = one.query("arm == 'gan' & classifier == 'svc' & metric == 'auroc'")["mean"].item()
    assert found.loc["gan", "svc"] == pytest.approx(gan + 0.05)
    assert found.loc["gan", "n_experiments"] == 2
    assert found.index.tolist() == list(ARMS)


def test_a_class_with_few_samples_counts_more_in_what_draws_share():
    """All 20 cases of a cohort, and half of its 100 controls: (1 / 20 + 0.5 / 50) / (7 / 100)."""
    counts = pd.DataFrame({"n_samples": [50, 20] * 3, "shared": [0.5, 1.0] * 3})
    found = Design.draws(counts, n_validation=9)
    assert (found.kind, found.n_validation) == ("draws", 9)
    assert found.shared == pytest.approx(6 / 7)
