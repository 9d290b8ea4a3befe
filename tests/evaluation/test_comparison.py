"""Summary and tests between arms, against R."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from evenomics.evaluation.comparison import (
    best_settings,
    by_study,
    compare,
    main_multiplier,
    summarise,
)

NAMES = ["study", "selection", "experiment", "arm", "alpha", "multiplier", "classifier", "metric"]


def scores(of, repeats=10):
    """Scores in long form from {(experiment, arm, alpha): values}."""
    rows = [
        dict(
            zip(
                NAMES,
                ("s", "none", experiment, arm, alpha, "none", classifier, "auroc"),
                strict=True,
            )
        )
        | {"repeat": i, "value": value}
        for (experiment, arm, alpha, classifier), values in of.items()
        for i, value in enumerate(values)
    ]
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


def test_summary_has_mean_sd_and_n_of_the_repeats(table):
    row = (
        summarise(table)
        .set_index(["experiment", "classifier", "arm", "alpha"])
        .loc[("c80_i0.4", "svc", "gan", "a1-0")]
    )
    values = table.query("experiment=='c80_i0.4' & classifier=='svc' & alpha=='a1-0'")["value"]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(np.sqrt(((values - values.mean()) ** 2).sum() / 9))
    assert row["n"] == 10


def test_an_arm_that_never_varies_has_an_sd_of_exactly_0():
    row = summarise(scores({("whole", "none", "none", "svc"): [0.7312345678] * 7})).iloc[0]
    assert row[["mean", "sd", "n"]].tolist() == [0.7312345678, 0, 7]


def test_the_best_setting_has_the_largest_mean_and_for_the_brier_score_the_smallest():
    of = {("e", "gan", "a0-0", "svc"): [0.2, 0.3], ("e", "gan", "a1-0", "svc"): [0.4, 0.3]}
    table = scores(of)
    assert best_settings(summarise(table))["alpha"].tolist() == ["a1-0"]
    table["metric"] = "brier"
    assert best_settings(summarise(table), "brier")["alpha"].tolist() == ["a0-0"]


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


def test_one_row_per_study_and_arm_averages_the_best_settings_over_experiments(table):
    found = by_study(summarise(table)).set_index("arm")
    best = best_settings(summarise(table))
    expected = best[(best["arm"] == "gan") & (best["classifier"] == "svc")]["mean"].mean()
    assert found.loc["gan", "svc"] == pytest.approx(expected)
    assert found.loc["gan", "n_experiments"] == 2
    assert found.index.tolist() == ["smote", "gan", "random_over"]
