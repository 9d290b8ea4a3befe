"""The answer in words says what the tests say, and nothing more."""

import numpy as np
import pandas as pd
import pytest

import fake_results
from evenomics.report.answer import ANSWERS, answer_sentences, answer_table, copying
from evenomics.report.style import classifier_title
from fake_results import SETTINGS, answers, row

SIZES = {"c40_i0.4": {"control": 40, "case": 16}}


def said(rows, sizes=None, auto=None, training=None, **settings):
    """Sentences of a comparison."""
    comparison = pd.DataFrame(rows)
    return answer_sentences(
        comparison,
        fake_results.summary_of(comparison),
        fake_results.experiments(sizes or SIZES),
        {**SETTINGS, **settings},
        auto,
        training,
    )


PLAIN = classifier_title("logistic_regression").lower()
POWER = (
    "the adjusted p allows for that many tests, but the difference and interval of an arm that was "
    "picked for its result are too favourable. The smallest difference that a test finds with 80% "
    "power, before p is adjusted, is 0.040."
)


def test_a_clear_win():
    """Everything a study can have to say, in six sentences."""
    rows = [
        row("smote", 0.052, 0.003),
        row("gan", 0.012, 0.4),
        row("auto", 0.041, 0.01),
        row("smote", 0.010, 0.6, question="threshold", metric="balanced_accuracy",
            threshold="default", reference_threshold="tuned"),
        row("gan", 0.050, 0.001, question="threshold", metric="balanced_accuracy"),
        row("smote", -0.040, 0.02, question="plain", reference_classifier="logistic_regression"),
    ]  # fmt: skip
    auto = pd.DataFrame({"arm": ["smote", "gan", "smote", "smote", "gan"]})
    training = pd.DataFrame({"nn_distance_training": [9.0], "nn_distance_held_out": [10.0]})
    assert said(rows, auto=auto, training=training) == [
        f"Does balancing help {PLAIN} and support vector machine to tell control and "
        "case apart? To find out, training samples were drawn 5 times (40 control and 16 case, "
        "imbalance 0.4), and AUROC was measured on 700 validation samples.",
        "With support vector machine, SMOTE (the best of 2 arms) is ahead of no balancing: AUROC "
        "+0.052, 95% interval 0.022 to 0.082, adjusted p = 0.003.",
        f"Of 3 tests of an arm against no balancing, 2 found it better and none worse; {POWER}",
        "SMOTE with support vector machine cannot be told apart from no balancing with a moved "
        "threshold (Balanced accuracy +0.010, 95% interval −0.020 to 0.040, adjusted p = 0.6) and "
        "is behind logistic regression without balancing (AUROC −0.040, 95% interval −0.070 to "
        "−0.010, adjusted p = 0.02).",
        "Taking the arm with the best cross-validation in each draw (`auto`) is ahead of no "
        "balancing (AUROC +0.041, 95% interval 0.011 to 0.071, adjusted p = 0.01); it took SMOTE "
        "in 3 of 5 choices.",
        "GANs that copy their training samples: none of 1. Their samples lie 0.90 times as far "
        "from the nearest training sample as from the nearest held-out sample; below 0.5 is "
        "copying.",
    ]


def test_a_clear_loss():
    rows = [row("smote", -0.052, 0.003), row("gan", -0.1, 0.0000004)]
    _, result, power = said(rows)
    assert result == (
        "With support vector machine, every arm is behind no balancing, SMOTE (the best of 2 arms) "
        "too: AUROC −0.052, 95% interval −0.082 to −0.022, adjusted p = 0.003."
    )
    assert power.startswith("Of 2 tests of an arm against no balancing, none found it better and 2")


def test_what_cannot_be_told_is_not_called_ahead_however_large_it_is():
    """Neither from no balancing, nor from simpler ways."""
    rows = [
        row("smote", 0.2, 0.0501),
        row("gan", -0.1, 0.02),
        row("smote", 0.1, 0.3, question="threshold", metric="balanced_accuracy"),
        row("gan", -0.1, 0.001, question="threshold", metric="balanced_accuracy"),
        row("gan", 0.1, 0.3, question="untrained", reference="untrained_gan"),
    ]
    sentences = said(rows)
    _, result, power, simpler = sentences
    assert result == (
        "With support vector machine, no arm is ahead: SMOTE (the best of 2 arms) cannot be told "
        "apart from no balancing: AUROC +0.200, 95% interval 0.170 to 0.230, adjusted p = 0.0501."
    )
    assert "none found it better and 1 worse" in power
    assert simpler == (
        "Against no balancing with a moved threshold, none of 2 tests found an arm better and 1 "
        "worse; against an untrained generator, none of 1 test found an arm better and none worse."
    )
    assert not any("significant" in sentence for sentence in sentences)


def test_the_arm_that_the_test_calls_ahead_leads_before_one_that_looks_better():
    """And is not called the best, which it is not."""
    _, result, _ = said([row("smote", 0.04, 0.01), row("gan", 0.06, 0.2)])
    assert result.startswith(
        "With support vector machine, SMOTE (one of 2 arms) is ahead of no balancing: AUROC +0.040"
    )


@pytest.mark.parametrize(
    ("experiment", "splits", "more"),
    [
        ("c40_i0.4", False, "One draw allows no test (`draws: {replicates: 5}` makes five)"),
        ("c40_i0.4", True, "One split allows no test (`split: {replicates: 5}` makes five)"),
        *(
            (
                fixed,
                False,
                "One draw allows no test (the whole cohort, or a given draw, is one way only; see "
                "`controls` and `imbalance`)",
            )
            for fixed in ("whole", "given")
        ),
    ],
)
def test_one_replicate_allows_no_test(experiment, splits, more):
    rows = [
        row(arm, difference, None, n_replicates=1, experiment=experiment)
        for arm, difference in (("smote", 0.052), ("gan", -0.01), ("auto", 0.02))
    ]
    asked, untested, advice = said(rows, {experiment: {"control": 40, "case": 16}}, splits=splits)
    assert f"{'one table was split' if splits else 'training samples were drawn'} once" in asked
    assert untested == (
        f"{more}, so nothing can be told: SMOTE looks best with support vector machine (AUROC "
        "+0.052 against no balancing), and this may be chance."
    )
    assert advice.endswith("(`auto`) gives +0.020 against no balancing, untested.")
    table = answers(rows, splits=splits)
    assert set(table["verdict"]) == {f"no test: one {'split' if splits else 'draw'}"}
    assert table[["low", "high", "adjusted_p_value", "detectable"]].isna().all(axis=None)


def test_several_classes_and_splits():
    rows = [row("smote", 0.01, 0.3, experiment="whole", n_validation=n) for n in (53, 54)]
    rows[1] |= {"classifier": "hist_gradient_boosting"}
    (asked, *_) = said(
        rows, {"whole": {"a": 20, "b": 10, "c": 5}}, classes=["a", "b", "c"], splits=True
    )
    assert asked == (
        "Does balancing help gradient boosting and support vector machine to tell a, b and c "
        "apart? To find out, one table was split 5 times (20 a, 10 b and 5 c, imbalance 0.25), and "
        "AUROC was measured on 53 to 54 validation samples."
    )


def test_arms_that_tie_exactly_are_named_together():
    """With a difference, and where all score as no balancing does."""
    _, result, _ = said([row("smote", 0.05, 0.01), row("random_over", 0.05, 0.01)])
    assert result.startswith(
        "With support vector machine, random over-sampling and SMOTE (the best of 2 arms) are "
        "ahead of no balancing: AUROC +0.050"
    )
    rows = [row("smote", 0.0, 1.0), row("random_over", 0.0, 1.0), row("gan", -0.1, 0.01)]
    _, result, _ = said(rows)
    assert result == (
        "With support vector machine, no arm is ahead: random over-sampling and SMOTE (the best of "
        "3 arms) cannot be told apart from no balancing: AUROC 0, 95% interval −0.030 to 0.030, "
        "adjusted p = 1."
    )
    assert answers(rows)["arm"].tolist() == ["random_over", "smote"]


def test_an_arm_that_never_differs_has_the_same_score():
    """No test is possible of a difference that is 0 in every replicate."""
    unknown = {"low": np.nan, "high": np.nan, "detectable": np.nan, "test": "none"}
    rows = [row("class_weight", 0.0, np.nan, **unknown), row("gan", -0.1, 0.01)]
    _, result, power = said(rows)
    assert result == (
        "With support vector machine, no arm is ahead: class weights (the best of 2 arms) always "
        "has the score of no balancing: AUROC 0."
    )
    assert power.startswith("Of 1 test of an arm against no balancing, none found it better and 1")
    assert answers(rows)["verdict"].tolist() == ["same score"]


def test_why_there_is_no_test_is_said():
    """All draws of the whole cohort are the same."""
    note = "no test: all draws have the same samples"
    rows = [row("smote", 0.1, np.nan, note=note, test="none"), row("gan", 0.05, np.nan, note=note)]
    _, untested = said(rows)
    assert untested == (
        "Nothing can be told, since there is no test: all draws have the same samples."
    )
    assert answers(rows)["verdict"].tolist() == ["no test"]


@pytest.mark.parametrize(
    ("arms", "sentence"),
    [
        (
            ["smote", "gan"],
            "Whether balancing helps cannot be told, since `none` is not among the arms.",
        ),
        (["none"], "No arm was run but `none`, so there is nothing to compare."),
    ],
)
def test_without_anything_to_compare(arms, sentence):
    rows = pd.DataFrame([row("smote", 0.01, 0.1), row("gan", 0.02, 0.1)])
    summary = fake_results.summary_of(rows)
    summary = (
        summary[summary["arm"].isin(arms) & (summary["arm"] != "none")]
        if len(arms) > 1
        else (summary[summary["arm"] == "none"])
    )
    experiments = fake_results.experiments(SIZES)
    _, answer = answer_sentences(rows.iloc[:0], summary, experiments, SETTINGS)
    assert answer == sentence
    table = answer_table(rows.iloc[:0], summary, SETTINGS)
    assert table["arm"].tolist() == arms[-1:]
    assert table["verdict"].str.startswith("no test: ").all()
    assert table["difference"].isna().all()


def test_without_anything_to_compare_the_best_is_that_at_the_default_threshold():
    """A moved threshold is no arm: the best by it is not named."""
    scored = [
        row(arm, score - 0.8, np.nan, metric="balanced_accuracy", threshold=threshold)
        for arm, threshold, score in [
            ("smote", "default", 0.75), ("smote", "tuned", 0.78),
            ("gan", "default", 0.7), ("gan", "tuned", 0.9),
        ]
    ]  # fmt: skip
    summary = fake_results.summary_of(pd.DataFrame(scored))
    summary = summary[summary["arm"] != "none"]
    settings = {**SETTINGS, "metric": "balanced_accuracy"}
    table = answer_table(pd.DataFrame(scored).iloc[:0], summary, settings)
    assert table["arm"].tolist() == ["smote"]


def test_results_that_differ_by_experiment_and_classifier():
    """Each kind of result has its count, the clearest of it its numbers."""
    cases = {
        ("c40_i0.4", "svc"): (0.05, 0.01),
        ("c40_i0.4", "hist_gradient_boosting"): (0.04, 0.001),
        ("c80_i0.4", "svc"): (0.01, 0.5),
        ("c80_i0.4", "hist_gradient_boosting"): (-0.06, 0.01),
    }
    rows = [
        row("smote", difference, p, experiment=experiment, classifier=classifier)
        for (experiment, classifier), (difference, p) in cases.items()
    ]
    rows += [{**of, "arm": "auto", "difference": 0.01, "adjusted_p_value": 0.3} for of in rows]
    sizes = {f"c{n}_i0.4": {"control": n, "case": 0.4 * n} for n in (80, 40)}
    asked, result, *_ = said(rows, sizes)
    assert (
        "(40 control and 16 case, imbalance 0.4; or 80 control and 32 case, imbalance 0.4)" in asked
    )
    assert result == (
        "For 2 of 4 pairs of classifier and experiment, an arm is ahead of no balancing, most "
        "clearly SMOTE with gradient boosting at 40 controls and imbalance 0.4 (the only arm): "
        "AUROC +0.040, 95% interval 0.010 to 0.070, adjusted p = 0.001; with support vector "
        "machine at 80 controls and imbalance 0.4, no arm is ahead: SMOTE (the only arm) cannot be "
        "told apart from no balancing: AUROC +0.010, 95% interval −0.020 to 0.040, adjusted p = "
        "0.5; with gradient boosting at 80 controls and imbalance 0.4, every arm is behind no "
        "balancing, SMOTE (the only arm) too: AUROC −0.060, 95% interval −0.090 to −0.030, "
        "adjusted p = 0.01."
    )


def test_what_several_classifiers_have_in_common_is_said_once():
    rows = [
        row("smote", difference, 0.5, classifier=classifier)
        for classifier, difference in (("svc", 0.01), ("hist_gradient_boosting", 0.02))
    ]
    rows += [{**of, "arm": "auto"} for of in rows]
    _, result, _, advice = said(rows)
    assert result == (
        "For all 2 classifiers, no arm is ahead: SMOTE with gradient boosting (the only arm) "
        "cannot be told apart from no balancing: AUROC +0.020, 95% interval −0.010 to 0.050, "
        "adjusted p = 0.5."
    )
    assert advice.endswith(
        "(`auto`) is ahead of no balancing for none of 2 classifiers and behind for none (+0.010 "
        "to +0.020 in AUROC)."
    )


def test_many_experiments_are_counted():
    sizes = {f"c{n}_i0.4": {"control": n, "case": 0.4 * n} for n in (120, 40, 80, 60)}
    (asked, *_) = said([row("smote", 0.1, 0.5)], sizes)
    assert (
        "(4 sizes, from 40 control and 16 case, imbalance 0.4, to 120 control and 48 case, "
        "imbalance 0.4)" in asked
    )


def test_copying_is_a_matter_of_distances():
    def of(training, held_out):
        distances = {"nn_distance_training": training, "nn_distance_held_out": held_out}
        return copying(pd.DataFrame(distances))

    assert of([4.9, 5.1, 10.0], [10.0, 10.0, 10.0]).startswith(
        "GANs that copy their training samples: 1 of 3. Their samples lie 0.49 to 1.00 times as far"
    )
    assert of([5.0], [np.nan]) == (
        "Whether the GANs copy their samples is not known, since none were held out."
    )
    assert copying(None) == of([], []) == ""


def test_the_table_has_the_leading_arm_and_the_advice():
    rows = [
        row("gan", 0.02, 0.03),
        row("smote", 0.05, 0.01),
        row("auto", -0.05, 0.01),
        row("smote", 0.01, 0.5, classifier="hist_gradient_boosting"),
        row("smote", 0.9, 0.001, question="smote"),
    ]
    table = answers(rows)
    assert list(table) == ANSWERS
    assert (
        table[["classifier", "arm", "difference", "verdict"]].to_numpy().tolist()
        == [
            ["hist_gradient_boosting", "smote", 0.01, "cannot tell"],
            ["svc", "smote", 0.05, "better than no balancing"],
            ["svc", "auto", -0.05, "worse than no balancing"],
        ]
        or table["verdict"].tolist()
    )
