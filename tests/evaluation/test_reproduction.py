"""Published scores are those of the release, and ours stand beside the right ones."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.svm import SVC

from conftest import ROOT
from evenomics.config.paths import PUBLISHED_SCORES
from evenomics.evaluation.hyper_parameters import check_hyper_parameters, given_for, read_given
from evenomics.evaluation.reproduction import (
    agreement,
    agreement_lines,
    balancing_table,
    main_scores,
    means_table,
    of_metric,
    published_scores,
    reproduction_table,
)
from fake_reproduction import STUDIES, run, runs

MAKE = PUBLISHED_SCORES.parent / "make_published_scores.py"
CLASSIFIERS = {"hist_gradient_boosting": HistGradientBoostingClassifier, "svc": SVC}


@pytest.fixture(scope="module")
def released(shared_data):
    return pd.read_csv(shared_data / "cusworth_released/published_results.tsv", sep="\t")


@pytest.fixture(scope="module")
def table():
    return reproduction_table(
        published_scores(), {key: one.settings for key, one in runs().items()}
    )


def test_all_published_scores_are_there_each_once(released):
    ours = published_scores()
    assert len(ours) == len(released) == 1038
    keys = ["study", "experiment", "classifier", "arm", "alpha_under", "alpha_over", "multiplier"]
    assert not ours.duplicated(keys).any()
    for name, theirs in {
        "mean": "auc_mean",
        "sd": "auc_sd",
        "mean_accuracy": "mean_accuracy",
    }.items():
        np.testing.assert_array_equal(ours[name], released[theirs])
    # every name of theirs is one of ours, and no two of theirs are the same
    for name, theirs in {
        "study": "experiment",
        "classifier": "classifier",
        "arm": "method",
    }.items():
        assert len(set(zip(ours[name], released[theirs], strict=True))) == ours[name].nunique()
    of_draw = [(f"c{n:g}_i{i:g}" if n > 0 else "whole") for n, i in
               zip(released["n_control"], released["class_imbalance"], strict=True)]  # fmt: skip
    assert ours["experiment"].tolist() == of_draw


def test_hyper_parameters_make_the_classifiers_that_were_published(released):
    ours = published_scores()
    for classifier, parameters, hyp in zip(
        ours["classifier"], ours["parameters"], released["hyp"], strict=True
    ):
        assert repr(CLASSIFIERS[classifier](**json.loads(parameters))) == hyp


def test_settings_are_labelled_as_in_our_tables():
    ours = published_scores().set_index("arm")
    assert {*ours.loc["gan", "alpha"]} == {"a0-0", "a1-0"}
    assert {*ours.loc["expand_gan", "alpha"]} == {"a0-0", "a1-0", "a1-1"}
    assert {*ours.loc["expand_gan", "multiplier"]} == {"0.25", "0.5", "0.75", "1"}
    assert {*ours.loc[["smote", "random_over"], "alpha"]} == {"none"}


@pytest.mark.parametrize("study", STUDIES)
def test_given_hyper_parameters_are_those_of_the_scores_we_are_held_against(study):
    """The table serves as `scoring.hyper_parameters`: those at alpha 0/0 come first."""
    check_hyper_parameters({"grids": {}, "hyper_parameters": str(PUBLISHED_SCORES)})
    given = read_given(PUBLISHED_SCORES, study)
    ours = main_scores(published_scores())
    ours = ours[ours["study"] == study]
    assert len(ours) in (8, 72)
    for row in ours.to_dict("records"):
        place = {**row, "replicate": 1, "bandwidth": "none"}
        assert given_for(given, place) == json.loads(row["parameters"])


def test_the_table_is_made_by_the_script_beside_it(tmp_path, released):
    source, target = tmp_path / "results_merged.csv", tmp_path / "made.tsv"
    released.to_csv(source, index=False)
    subprocess.run([sys.executable, MAKE, source, target], check=True, capture_output=True)
    numbers = ["mean", "sd", "mean_accuracy", "alpha_under", "alpha_over"]
    types = dict.fromkeys(numbers, float)
    made, shipped = (
        pd.read_csv(path, sep="\t", dtype=str).astype(types) for path in (target, PUBLISHED_SCORES)
    )
    pd.testing.assert_frame_equal(made, shipped)
    missing = subprocess.run(
        [sys.executable, MAKE, tmp_path / "no.csv", target],
        capture_output=True,
        text=True,
        check=False,
    )
    assert missing.returncode == 1
    assert missing.stderr.strip().endswith("no.csv: there is no such file")


def test_scores_stand_beside_those_of_the_same_setting(table):
    assert len(table) == 1038
    made = run("microarray", "given", seed=5).settings
    one = {
        "experiment": "c80_i0.6", "classifier": "svc", "arm": "expand_gan", "alpha": "a1-1",
        "multiplier": "1",
    }  # fmt: skip

    def value(rows, column, **more):
        keys = one | more
        return rows.loc[(rows[list(keys)] == pd.Series(keys)).all(axis=1), column].item()

    found = table[(table["study"] == "microarray") & (table["alpha_over"] == 1)]
    assert value(found, "hard_auroc.given") == value(made, "mean", metric="hard_auroc")
    assert value(found, "auroc.given") == value(made, "mean", metric="auroc")
    assert value(found, "sd.given") == value(made, "sd", metric="hard_auroc")


def test_a_tuned_threshold_is_not_what_was_published():
    made = run("lipidomics", "tuned").settings
    tuned = made[made["metric"] == "hard_auroc"].assign(threshold="tuned", mean=0.0)
    both = pd.concat([tuned, made])
    table = reproduction_table(published_scores(), {("lipidomics", "tuned"): both})
    assert (table["hard_auroc.tuned"] > 0.3).all()


def test_what_was_not_run_is_missing():
    made = run("lipidomics", "tuned").settings
    made = made[made["multiplier"] != "0.5"]
    table = reproduction_table(published_scores(), {("lipidomics", "tuned"): made})
    assert set(table["study"]) == {"lipidomics"}
    gone = table["multiplier"] == "0.5"
    assert table.loc[gone, "hard_auroc.tuned"].isna().all()
    assert table.loc[~gone, "hard_auroc.tuned"].notna().all()
    assert table[["hard_auroc.given", "auroc.described"]].isna().all(axis=None)


def test_agreement_is_over_232_published_means(table):
    found = agreement(main_scores(table), "hard_auroc.given")
    main = main_scores(table)
    assert (found.studies, found.scores) == (5, 232)
    r = stats.pearsonr(main["mean.published"], main["hard_auroc.given"]).statistic
    assert found.correlation == pytest.approx(r, abs=1e-12)
    apart = np.abs(main["mean.published"] - main["hard_auroc.given"]).mean()
    assert found.mean_absolute_difference == pytest.approx(apart, abs=1e-12)
    own, given = agreement_lines(table)
    assert given == (
        f"studies=5 scores=232 mean_absolute_difference={apart:.3f} correlation={r:.3f}"
    )
    assert own.startswith("own_tuning: studies=5 scores=232 ")


def test_without_scores_there_is_no_agreement():
    table = reproduction_table(
        published_scores(), {("lipidomics", "tuned"): run("lipidomics", "tuned").settings}
    )
    given = agreement_lines(table)[1]
    assert given == "studies=0 scores=0 mean_absolute_difference=nan correlation=nan"


def test_means_are_over_all_published_draws_or_missing(table):
    keys = ("simulation", "svc", "gan")
    given = run("simulation", "given", seed=3).settings
    means = means_table(published_scores(), {("simulation", "given"): given})
    means = means.set_index(["study", "classifier", "arm"])
    rows = of_metric(given, "auroc")
    one = rows[(rows["classifier"] == "svc") & (rows["arm"] == "gan") & (rows["alpha"] == "a0-0")]
    assert len(one) == 9
    assert means.loc[keys, "auroc.given"] == pytest.approx(one["mean"].mean())
    # the published mean of the table in the record of the release
    assert means.loc[keys, "published"] == pytest.approx(0.557, abs=5e-4)
    fewer = given[given["experiment"] != "c40_i0.4"]
    assert "auroc.given" not in means_table(published_scores(), {("simulation", "given"): fewer})


def test_means_of_honest_runs_are_over_their_own_draws_with_arms_that_were_not_published():
    honest = run("lipidomics", "honest").settings.assign(experiment="c40_i0.4")
    honest = pd.concat(
        [honest, honest.assign(arm="none", alpha="none", multiplier="none", mean=0.5)]
    )
    means = means_table(published_scores(), {("lipidomics", "honest"): honest})
    means = means.set_index(["study", "classifier", "arm"])
    assert means.loc[("lipidomics", "svc", "none"), "auroc.honest"] == 0.5
    assert np.isnan(means.loc[("lipidomics", "svc", "none"), "published"])
    assert means.loc[("lipidomics", "svc", "smote"), "auroc.honest"] > 0.9


def test_honest_tests_are_counted():
    comparison = run("lipidomics", "honest").comparison
    rows = comparison[comparison["question"] == "balancing"]
    counted = balancing_table(
        {("lipidomics", "honest"): comparison, ("lipidomics", "given"): comparison}, 0.05
    )
    assert set(counted["scores"]) == {"honest"}
    for _, line in counted.iterrows():
        of_arm = rows[rows["arm"] == line["arm"]]
        told = of_arm[of_arm["adjusted_p_value"] < 0.05]["difference"]
        assert line["n_cases"] == len(of_arm)
        assert (line["n_better"], line["n_worse"]) == ((told > 0).sum(), (told < 0).sum())


def test_the_shipped_table_is_where_the_readme_says():
    assert PUBLISHED_SCORES.is_file()
    assert PUBLISHED_SCORES.name in (ROOT / "resources/cusworth2024/README.md").read_text()
