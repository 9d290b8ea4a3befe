"""The paper's tests between arms: Welch's t-test on the repeats of one training draw.

The repeats share one draw and one validation cohort. They are not independent, so the p-values of
this test are too small: ``bench/RESULTS.md`` says how often it is wrong. The tests that count are
in `evenomics.evaluation.comparison`.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (statistics).
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind_from_stats

from evenomics.config.arms import SETTING
from evenomics.evaluation.comparison import STUDY, over_repeats
from evenomics.evaluation.inference.difference import adjusted
from evenomics.evaluation.metric import METRICS

#: Columns of what arms are compared within.
CASE = [*STUDY, "experiment", "classifier", "metric"]
#: Columns of an arm at a setting.
ARM = ["arm", *SETTING]
#: Columns of `compare`.
COMPARISON = [
    *CASE,
    *(f"{name}_a" for name in ARM),
    *(f"{name}_b" for name in ARM),
    *("mean_a", "sd_a", "n_a", "mean_b", "sd_b", "n_b", "difference"),
    *("t", "df", "p_value", "adjusted_p_value", "note"),
]

# "used so as to double the number of samples of the over-represented class" (paper, Methods)
_MAIN_MULTIPLIER = 1.0


def main_multiplier(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the multiplier that arms are compared at: 1 (paper), or the nearest."""
    number = pd.to_numeric(rows["multiplier"], errors="coerce")
    distance = (number - _MAIN_MULTIPLIER).abs()
    of_arm = [rows[name] for name in ("study", "selection", "experiment", "arm")]
    nearest = distance.groupby(of_arm).transform("min")
    return rows[number.isna() | (distance == nearest)]


def best_settings(means: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Return the best setting of each arm, per study, selection, experiment and classifier.

    Of several multipliers the main one is used (`main_multiplier`); of several alphas and
    bandwidths the one with the best mean. This is the paper's choice of alpha. It uses scores on
    the validation cohort, so an arm with more settings has more chances of a good score.

    Parameters
    ----------
    means : DataFrame
        Columns `CASE`, `ARM` and mean, at the default threshold.
    metric : str

    Returns
    -------
    DataFrame
        Rows of `means`, one per arm; of equally good settings the first.
    """
    smallest_first = not METRICS[metric].larger_is_better
    rows = main_multiplier(means[means["metric"] == metric])
    rows = rows.sort_values("mean", ascending=smallest_first, kind="stable", na_position="last")
    return rows.drop_duplicates([*CASE, "arm"]).sort_index()


def compare(scores: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Test every pair of arms, each at its best setting: Welch's t-test, Benjamini-Hochberg.

    P-values are adjusted over all tests of a study, selection and metric.

    Parameters
    ----------
    scores : DataFrame
        Scores of one or more studies, see `evenomics.evaluation.scoring`. Of several replicates the
        first is used, of two thresholds the default one.
    metric : str

    Returns
    -------
    DataFrame
        One row per experiment, classifier and pair of arms: settings, means, difference a - b, t,
        df, p_value, adjusted_p_value and note. If neither arm varies, there is no test, and the
        note says so.
    """
    used = (scores["metric"] == metric) & (scores["threshold"] != "tuned")
    used &= (scores["replicate"] == 1) & scores["value"].notna()
    best = best_settings(over_repeats(scores[used], [*CASE, *ARM]), metric)
    rows = []
    for case, arms in best.groupby(CASE, sort=False):
        for a, b in combinations(arms.to_dict("records"), 2):
            row = dict(zip(CASE, case, strict=True))
            for side, arm in (("a", a), ("b", b)):
                row |= {f"{name}_{side}": arm[name] for name in (*ARM, "mean", "sd", "n")}
            row["difference"] = a["mean"] - b["mean"]
            row |= welch(a, b)
            rows.append(row)
    table = pd.DataFrame(rows, columns=COMPARISON)
    family = table.groupby(["study", "selection", "metric"], sort=False)["p_value"]
    table["adjusted_p_value"] = family.transform(adjusted)
    return table


def welch(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> dict[str, float | str]:
    """Return t, df and p_value of Welch's test, and a note where there is no test.

    Parameters
    ----------
    a, b : mapping
        Keys mean, sd and n of two samples.
    """
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
