"""Summary of the scores, and the paper's tests between arms.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (statistics).
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, ttest_ind_from_stats

from evenomics.evaluation.metric import METRICS

#: Columns of what arms are compared within.
CASE = ["study", "selection", "experiment", "classifier", "metric"]
#: Columns of an arm at a setting.
ARM = ["arm", "alpha", "multiplier"]
#: Columns of `summarise`.
SUMMARY = [
    *("study", "selection", "experiment", "arm", "alpha", "multiplier"),
    *("classifier", "metric", "mean", "sd", "n"),
]

# "used so as to double the number of samples of the over-represented class" (paper, Methods)
_MAIN_MULTIPLIER = 1.0


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over the repeats.

    Parameters
    ----------
    scores : DataFrame
        Scores in long form, see `evenomics.evaluation.scoring`.

    Returns
    -------
    DataFrame
        Columns study, selection, experiment, arm, alpha, multiplier, classifier, metric, mean,
        sd (n - 1 in the denominator; exactly 0 where all repeats agree), n.
    """
    groups = scores.groupby([*CASE, *ARM], sort=False)["value"]
    table = groups.agg(mean="mean", sd="std", n="count", low="min", high="max").reset_index()
    same = table["low"] == table["high"]
    # rounding: a mean of equal numbers may differ from them in the last digit
    table.loc[same, "mean"] = table["low"]
    table.loc[same & (table["n"] > 1), "sd"] = 0.0
    return table[SUMMARY]


def main_multiplier(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the multiplier that arms are compared at: 1 (paper), or the nearest."""
    number = pd.to_numeric(rows["multiplier"], errors="coerce")
    distance = (number - _MAIN_MULTIPLIER).abs()
    of_arm = [rows[name] for name in ("study", "selection", "experiment", "arm")]
    nearest = distance.groupby(of_arm).transform("min")
    return rows[number.isna() | (distance == nearest)]


def best_settings(summary: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Return the best setting of each arm, per study, selection, experiment and classifier.

    Of several multipliers the main one is used (`main_multiplier`); of several alphas the one with
    the best mean. This is the paper's choice of alpha. It uses scores on the validation cohort, so
    an arm with more settings has more chances of a good score.

    Parameters
    ----------
    summary : DataFrame
        What `summarise` returns.
    metric : str

    Returns
    -------
    DataFrame
        Rows of `summary`, one per arm; of equally good settings the first.
    """
    smallest_first = not METRICS[metric].larger_is_better
    rows = main_multiplier(summary[summary["metric"] == metric])
    rows = rows.sort_values("mean", ascending=smallest_first, kind="stable", na_position="last")
    return rows.drop_duplicates([*CASE, "arm"]).sort_index()


def compare(scores: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Test every pair of arms, each at its best setting: Welch's t-test, Benjamini-Hochberg.

    P-values are adjusted over all tests of a study, selection and metric. The repeats share one
    draw and one validation cohort. They are not independent, so the p-values of this test, which is
    the paper's, are too small.

    Parameters
    ----------
    scores : DataFrame
        Scores of one or more studies, see `evenomics.evaluation.scoring`.
    metric : str

    Returns
    -------
    DataFrame
        One row per experiment, classifier and pair of arms: settings, means, difference a - b, t,
        df, p_value, adjusted_p_value and note. If neither arm varies, there is no test, and the
        note says so.
    """
    scores = scores[(scores["metric"] == metric) & scores["value"].notna()]
    best = best_settings(summarise(scores), metric)
    rows = []
    for case, arms in best.groupby(CASE, sort=False):
        for a, b in combinations(arms.to_dict("records"), 2):
            row = dict(zip(CASE, case, strict=True))
            for side, arm in (("a", a), ("b", b)):
                row |= {f"{name}_{side}": arm[name] for name in (*ARM, "mean", "sd", "n")}
            row["difference"] = a["mean"] - b["mean"]
            row |= _welch(a, b)
            rows.append(row)
    table = pd.DataFrame(rows, columns=COMPARISON)
    family = table.groupby(["study", "selection", "metric"], sort=False)["p_value"]
    table["adjusted_p_value"] = family.transform(_adjusted)
    return table


#: Columns of `compare`.
COMPARISON = [
    *CASE,
    *("arm_a", "alpha_a", "multiplier_a", "arm_b", "alpha_b", "multiplier_b"),
    *("mean_a", "sd_a", "n_a", "mean_b", "sd_b", "n_b", "difference"),
    *("t", "df", "p_value", "adjusted_p_value", "note"),
]


def _welch(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> dict[str, float | str]:
    nothing: dict[str, float | str] = dict.fromkeys(("t", "df", "p_value"), np.nan)
    if min(a["n"], b["n"]) < 2:
        return nothing | {"note": "no test: a single repeat"}
    if a["sd"] == 0 and b["sd"] == 0:
        return nothing | {"note": "no test: neither arm varies over the repeats"}
    test = ttest_ind_from_stats(
        a["mean"], a["sd"], a["n"], b["mean"], b["sd"], b["n"], equal_var=False
    )
    # SciPy tells the degrees of freedom (Welch-Satterthwaite) only where it has the single values
    errors = np.array([arm["sd"] ** 2 / arm["n"] for arm in (a, b)])
    df = errors.sum() ** 2 / (errors**2 / [a["n"] - 1, b["n"] - 1]).sum()
    return {"t": test.statistic, "df": df, "p_value": test.pvalue, "note": ""}


def _adjusted(p_values: pd.Series) -> pd.Series:
    tested = p_values.notna()
    adjusted = pd.Series(np.nan, index=p_values.index)
    if tested.any():
        adjusted[tested] = false_discovery_control(p_values[tested], method="bh")
    return adjusted


def by_study(summary: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Return the mean of every arm over the experiments of a study, at its best settings.

    Parameters
    ----------
    summary : DataFrame
        What `summarise` returns, of one or more studies.
    metric : str

    Returns
    -------
    DataFrame
        One row per study, selection and arm: columns study, selection, arm, metric, one column per
        classifier (missing if it does not have the metric), n_experiments.
    """
    best = best_settings(summary, metric)
    rows = best.groupby(["study", "selection", "arm", "metric"], sort=False)
    table = best.pivot_table(
        values="mean",
        index=["study", "selection", "arm", "metric"],
        columns="classifier",
        aggfunc="mean",
        sort=False,
        dropna=False,
        observed=True,
    )
    table = table.reindex(list(rows.groups))
    table["n_experiments"] = rows["experiment"].nunique()
    return table.rename_axis(columns=None).reset_index()
