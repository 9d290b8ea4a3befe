"""The paper's tests between arms, against R."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from evenomics.evaluation.comparison import over_repeats
from evenomics.evaluation.paper_comparison import ARM, CASE, best_settings, compare, main_multiplier


def scores(of):
    """Scores in long form from {(experiment, arm, alpha, classifier): values}."""
    rows = [
        {
            "study": "s", "selection": "none", "experiment": experiment, "replicate": 1,
            "arm": arm, "alpha": alpha, "multiplier": "none", "bandwidth": "none",
            "classifier": classifier, "metric": "auroc", "threshold": "none",
            "repeat": i, "value": value,
        }
        for (experiment, arm, alpha, classifier), values in of.items()
        for i, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    return scores(
        {
            (experiment, arm, alpha, classifier): rng.normal(mean, sd, 10)
            for experiment in ("c40_i0.4", "c80_i0.4")
            for classifier in ("svc", "hist_gradient_boosting")
            for arm, alpha, mean, sd in [
                ("smote", "none", 0.70, 0.02),
                ("gan", "a0-0", 0.71, 0.01),
                ("gan", "a1-0", 0.73, 0.03),
                ("random_over", "none", 0.69, 0.01),
            ]
        }
    )


def test_the_best_setting_has_the_largest_mean_and_for_the_brier_score_the_smallest():
    of = {("e", "gan", "a0-0", "svc"): [0.2, 0.3], ("e", "gan", "a1-0", "svc"): [0.4, 0.3]}
    table = scores(of)
    assert best_settings(over_repeats(table, [*CASE, *ARM]))["alpha"].tolist() == ["a1-0"]
    table["metric"] = "brier"
    means = over_repeats(table, [*CASE, *ARM])
    assert best_settings(means, "brier")["alpha"].tolist() == ["a0-0"]


def test_the_main_multiplier_of_a_study_does_not_depend_on_the_others():
    """0.5 is nearest to 1 where 0.5 and 2 were scored, whatever another study scored."""
    table = pd.DataFrame(
        [
            {"study": study, "selection": selection, "experiment": "whole", "arm": "expand_gan",
             "multiplier": multiplier}
            for study, selection, multipliers in (
                ("a", "none", ("0.5", "2")), ("b", "none", ("1", "2")), ("b", "deg", ("3", "4"))
            )
            for multiplier in multipliers
        ]
    )  # fmt: skip
    found = main_multiplier(table)[["study", "selection", "multiplier"]]
    assert [*found.itertuples(index=False, name=None)] == [
        ("a", "none", "0.5"), ("b", "none", "1"), ("b", "deg", "3")
    ]  # fmt: skip


@pytest.mark.r
def test_welch_and_benjamini_hochberg_agree_with_r(table, robjects):
    """Every pair of arms at its best alpha against R's t.test, the family against p.adjust."""
    found = compare(table)
    keyed = {
        key: group["value"]
        for key, group in table.groupby(["experiment", "classifier", "arm", "alpha"])
    }
    assert len(found) == 2 * 2 * len(list(combinations(range(3), 2)))
    for row in found.to_dict("records"):
        sides = [
            robjects.FloatVector(
                keyed[row["experiment"], row["classifier"], row[f"arm_{s}"], row[f"alpha_{s}"]]
            )
            for s in "ab"
        ]
        test = robjects.r["t.test"](*sides)
        assert row["t"] == pytest.approx(test.rx2("statistic")[0], rel=1e-9)
        assert row["df"] == pytest.approx(test.rx2("parameter")[0], rel=1e-9)
        assert row["p_value"] == pytest.approx(test.rx2("p.value")[0], rel=1e-9)
    adjusted = robjects.r["p.adjust"](robjects.FloatVector(found["p_value"]), method="BH")
    assert found["adjusted_p_value"].tolist() == pytest.approx(list(adjusted), rel=1e-9)
    assert set(found["alpha_a"]) | set(found["alpha_b"]) <= {"none", "a0-0", "a1-0"}


def test_where_neither_arm_varies_there_is_no_test_and_it_does_not_count_in_the_family():
    found = compare(
        scores(
            {
                ("e", "none", "none", "svc"): [0.6] * 5,
                ("e", "class_weight", "none", "svc"): [0.7] * 5,
                ("e", "smote", "none", "svc"): [0.68, 0.70, 0.71, 0.69, 0.72],
            }
        )
    ).set_index(["arm_a", "arm_b"])
    constant = found.loc["none", "class_weight"]
    assert constant[["p_value", "adjusted_p_value"]].isna().all()
    assert "neither arm varies" in constant["note"]
    tested = found.drop(index=("none", "class_weight"))
    larger = tested["p_value"].max()
    assert tested["adjusted_p_value"].max() == pytest.approx(larger)
    assert tested["adjusted_p_value"].min() == pytest.approx(
        min(larger, 2 * tested["p_value"].min())
    )


def test_only_the_first_replicate_at_the_default_threshold_is_looked_at(table):
    other = table.assign(value=table["value"] + 0.1 * (table["arm"] == "gan"))
    both = pd.concat(
        [table, other.assign(replicate=2), other.assign(threshold="tuned")], ignore_index=True
    )
    pd.testing.assert_frame_equal(compare(both), compare(table))
