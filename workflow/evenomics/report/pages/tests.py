"""Pages of the tests between arms: the headline tests, and the paper's."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from evenomics.config.arms import SETTING
from evenomics.report.answer import of_question
from evenomics.report.pages.tables import html_page, html_table
from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_order,
    experiment_title,
    interval,
    metric_title,
    number,
    p_text,
    replicates_text,
    setting_title,
    signed,
)

#: What the questions of the comparison ask, in the order of the page.
QUESTIONS = {
    "balancing": "Is balancing better than no balancing?",
    "smote": "Is anything better than SMOTE?",
    "threshold": "Is balancing better than moving the threshold?",
    "plain": "Is it better than logistic regression without balancing?",
    "untrained": "Did training the generators help?",
}
_TESTS = {
    "obuchowski_rockette": "Obuchowski and Rockette's test (Hillis' form)",
    "corrected_resampled_t": "the corrected resampled t-test (Nadeau and Bengio)",
}


def comparison_page(comparison: pd.DataFrame, title: str, level: float) -> str:
    """Page with all headline tests, by question; what is significant is in bold."""
    tests = [_TESTS[name] for name in comparison["test"].unique() if name in _TESTS]
    made = (
        f"Tested by {' and '.join(tests)}, on {replicates_text(comparison)}. P-values are adjusted "
        "by Benjamini-Hochberg; the first two questions are one family, each other question is its "
        f"own. Bold: adjusted p below {level:g}. Detectable: the smallest difference that the test "
        "finds with 80% power, before p is adjusted."
        if tests
        else "No test was possible; the notes say why."
    )
    parts = [f'<p class="note">{made}</p>']
    for question, heading in QUESTIONS.items():
        rows = of_question(comparison, question).reset_index(drop=True)
        if rows.empty:
            continue
        parts.append(f"<h2>{escape(heading)}</h2>")
        for classifier in sorted(rows["classifier"].unique()):
            of_one = _ordered(rows[rows["classifier"] == classifier])
            found = set(of_one.index[of_one["adjusted_p_value"] < level])
            caption = f"{classifier_title(classifier)}, {_against(of_one)}"
            parts.append(html_table(_test_cells(of_one, level), caption, bold_rows=found))
    return html_page(title, "\n".join(parts))


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    arms, experiments = arm_order(rows["arm"]), experiment_order(rows["experiment"])
    places = {"experiment": experiments.index, "arm": arms.index}
    return rows.sort_values([*places], key=lambda column: column.map(places[str(column.name)]))


def _against(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    words = [f"{metric_title(first['metric'])} against {arm_title(first['reference'])}"]
    if first["reference_classifier"] != first["classifier"]:
        words.append(f"with {classifier_title(first['reference_classifier'])}")
    if first["reference_threshold"] != first["threshold"]:
        words.append(f"at its {first['reference_threshold']} threshold")
    return " ".join(words)


def _test_cells(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    notes = {"Note": rows["note"].fillna("")} if rows["note"].fillna("").any() else {}
    return pd.DataFrame(
        {
            "Training samples": rows["experiment"].map(experiment_title),
            "Arm": rows["arm"].map(arm_title),
            "Score": rows["mean"].map(number),
            "Reference": rows["mean_reference"].map(number),
            "Difference": rows["difference"].map(signed),
            f"{100 * (1 - level):g}% interval": list(map(interval, rows["low"], rows["high"])),
            "p": rows["p_value"].map(_p_cell),
            "Adjusted p": rows["adjusted_p_value"].map(_p_cell),
            "Detectable": rows["detectable"].map(number),
            **notes,
        },
        index=rows.index,
    )


def paper_page(comparison: pd.DataFrame, title: str, level: float) -> str:
    """Page of the paper's test: every pair of arms, and what is wrong with it."""
    parts = [
        f'<p class="note">{escape(text)}</p>'
        for text in (
            "Welch's t-test between the repeats of two arms on the first replicate, each at its "
            "best alpha on the validation cohort. P-values are adjusted by Benjamini-Hochberg over "
            f"this table. Bold: adjusted p below {level:g}.",
            "This is the paper's test, and it must not be taken for an answer. At level 5%, it "
            "called two trainings of one generator different in 15 to 31% of simulated studies, "
            "and two different arms of equal worth in 62 to 69% (with 5 repeats; more repeats make "
            "it worse; bench/RESULTS.md).",
            "The reasons: repeats share one training draw and one validation cohort, so they are "
            "not independent samples; and the alpha is chosen on the scores that are then tested.",
        )
    ]
    for experiment in experiment_order(comparison["experiment"]):
        parts.append(f"<h2>{escape(experiment_title(experiment))}</h2>")
        of_experiment = comparison[comparison["experiment"] == experiment]
        for classifier in sorted(of_experiment["classifier"].unique()):
            rows = of_experiment[of_experiment["classifier"] == classifier].reset_index(drop=True)
            below = set(rows.index[rows["adjusted_p_value"] < level])
            parts.append(
                html_table(_pair_cells(rows), classifier_title(classifier), bold_rows=below)
            )
    return html_page(title, "\n".join(parts))


def _pair_cells(rows: pd.DataFrame) -> pd.DataFrame:
    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "Arm A": [_arm_cell(row, "a") for row in records],
            "Arm B": [_arm_cell(row, "b") for row in records],
            "Mean of A": rows["mean_a"].map(number),
            "Mean of B": rows["mean_b"].map(number),
            "Difference A − B": rows["difference"].map(signed),
            "p": rows["p_value"].map(_p_cell),
            "Adjusted p": rows["adjusted_p_value"].map(_p_cell),
            "Note": rows["note"].fillna(""),
        }
    )


def _arm_cell(row: Mapping[Any, Any], side: str) -> str:
    arm, *values = (row[f"{name}_{side}"] for name in ("arm", *SETTING))
    setting = setting_title(arm, *values)
    return f"{arm_title(arm)} ({setting})" if setting else arm_title(arm)


def _p_cell(p_value: float) -> str:
    return p_text(p_value).removeprefix("= ")
