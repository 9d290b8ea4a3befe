"""The summary page: how each way of balancing did, in one table, one figure and plain words."""

import base64
import io
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from evenomics.config.names import title
from evenomics.evaluation.comparison import best_settings
from evenomics.preparation.cohort_checks import median_shift
from evenomics.report.figures.scores import REFERENCES, against_reference, score_boxes
from evenomics.report.pages.tables import html_page, html_table, leaders, mean_and_sd
from evenomics.report.style import arm_order, arm_title, classifier_title, metric_title, style

# What stands between these is also shown on the report's first page (report/workflow.rst).
HEADLINE_START, HEADLINE_END = "<!-- headline -->", "<!-- end of headline -->"

CAVEATS = (
    "Each arm is shown at the alpha with the best mean on the validation cohort. This favours arms "
    "with several alphas. The repeats of an arm share one training draw and one validation cohort. "
    "This makes small differences look significant. Both follow the paper. Take a difference for a "
    "finding only where it is large and holds in most experiments."
)


@dataclass(frozen=True)
class StudyResults:
    """What the summary page needs of one study and selection.

    Attributes
    ----------
    study, selection, description : str
        Names for people.
    summary, comparison, shift, findings : DataFrame
        The tables of the same names.
    """

    study: str
    selection: str
    description: str
    summary: pd.DataFrame
    comparison: pd.DataFrame
    shift: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def title(self) -> str:
        """``simulated``, with the selection where features were selected."""
        if self.selection == "none":
            return self.study
        return f"{self.study}, features selected by {title('selections', self.selection)}"


def summary_page(studies: list[StudyResults], metric: str = "auroc", level: float = 0.05) -> str:
    """Self-contained HTML page over all studies: sentences, table of arms, box figure.

    Parameters
    ----------
    studies : list of StudyResults
        In the order in which they are shown.
    metric : str
        The metric of table, figure and sentences.
    level : float
        Adjusted p-values below count as significant.
    """
    sections = []
    for results in studies:
        sections.append(
            f"<h2>Study {escape(results.title)}</h2>"
            f"{f'<p>{escape(results.description)}</p>' if results.description else ''}"
            f"{headline(results, metric, level)}"
            f'{_embedded_boxes(results.summary, metric)}<p class="note">Box: mean ± 1 standard '
            "deviation over the repeats. Line: mean. Boxes of one colour side by side: alpha "
            "settings of one arm.</p>"
        )
    heads = "\n".join(
        f"<h3>Study {escape(results.title)}</h3>{headline(results, metric, level)}"
        for results in studies
    )
    body = (
        "<p>How well classifiers tell the classes of new samples apart, by how their training "
        f"samples were balanced. {metric_title(metric)} on the validation cohort, which was never "
        "used in training.</p>"
        f'<p class="note">{escape(CAVEATS)}</p>' + "\n".join(sections)
    )
    hidden = f"<template>{HEADLINE_START}{heads}{HEADLINE_END}</template>"
    return html_page("Did balancing help?", body + hidden)


def headline(results: StudyResults, metric: str = "auroc", level: float = 0.05) -> str:
    """Warnings, one sentence per classifier, tables of arms and of the shift: an HTML fragment."""
    table = arm_table(results.summary, results.comparison, metric, level)
    sentences = "".join(
        f"<li>{escape(sentence)}</li>" for sentence in verdicts(results, metric, level)
    )
    best = {
        column: leaders(table["order " + column])
        for column in table.columns
        if "order " + column in table.columns
    }
    shown = table[[column for column in table.columns if not column.startswith("order ")]]
    return (
        _warnings(results.findings)
        + f"<ul>{sentences}</ul>"
        + html_table(shown, _table_caption(results.summary, metric, level), best)
        + _shift_table(results.shift)
    )


def _warnings(findings: pd.DataFrame) -> str:
    return "".join(
        f'<p class="warning"><strong>Warning.</strong> {escape(message)}</p>'
        for message in findings.get("message", ())
    )


def _shift_table(shift: pd.DataFrame) -> str:
    if shift.empty:
        return ""
    used = median_shift(shift[shift["used"]])
    shown = pd.DataFrame(
        {
            "Cohort": used["cohort"],
            "Cells beyond the real range": used["beyond_range"].map("{:.1%}".format),
            "Median shift": used["shift_sd"].map("{:.2f} SD".format),
            "Told apart from real (AUROC)": used["auroc"].map("{:.2f}".format),
        }
    )
    return html_table(
        shown,
        "Shift against the real cohort "
        f"({title('harmonisations', used['method'].iloc[0])}); by chance "
        f"{used['expected'].iloc[0]:.1%} of the cells lie beyond its range.",
    )


def arm_table(
    summary: pd.DataFrame, comparison: pd.DataFrame, metric: str = "auroc", level: float = 0.05
) -> pd.DataFrame:
    """Per arm the mean score with each classifier, and how often it beat the references.

    Means are over experiments, at the arm's best alpha in each; the SD is that of the repeats
    within experiments (root of the mean variance). Columns named ``order ...`` hold the means as
    numbers.
    """
    best = best_settings(summary, metric)
    wins = count_differences(comparison, level)
    lines = []
    for arm in arm_order(best["arm"]):
        line: dict[str, object] = {"Arm": arm_title(arm)}
        for classifier in sorted(best["classifier"].unique()):
            rows = best[(best["arm"] == arm) & (best["classifier"] == classifier)]
            spread = float(np.sqrt((rows["sd"] ** 2).mean()))
            mean = float(rows["mean"].mean())
            line[classifier_title(classifier)] = mean_and_sd(mean, spread)
            line["order " + classifier_title(classifier)] = mean
        for reference in (name for name in REFERENCES if name in set(best["arm"])):
            line[f"against {arm_title(reference)}"] = _tally(wins, arm, reference)
        lines.append(line)
    return pd.DataFrame(lines)


def count_differences(comparison: pd.DataFrame, level: float = 0.05) -> pd.DataFrame:
    """Per arm and reference: significantly better, worse, and tests in all.

    A test is one experiment with one classifier. Columns arm, reference, better, worse, n.
    """
    pairs = against_reference(comparison)
    significant = pairs["adjusted_p_value"] < level
    pairs = pairs.assign(
        better=significant & (pairs["difference"] > 0),
        worse=significant & (pairs["difference"] < 0),
        n=1,
    )
    return pairs.groupby(["arm", "reference"], as_index=False)[["better", "worse", "n"]].sum()


def _tally(wins: pd.DataFrame, arm: str, reference: str) -> str:
    row = wins[(wins["arm"] == arm) & (wins["reference"] == reference)]
    if row.empty:
        return ""
    better, worse, n = (int(row[column].iloc[0]) for column in ("better", "worse", "n"))
    return f"{better} better, {worse} worse of {n}"


def verdicts(results: StudyResults, metric: str = "auroc", level: float = 0.05) -> list[str]:
    """Per classifier: which arms had the best mean, and whether it differs from the references."""
    best = best_settings(results.summary, metric)
    sentences = []
    for classifier in sorted(best["classifier"].unique()):
        rows = best[best["classifier"] == classifier]
        means = rows.groupby("arm")["mean"].mean().dropna()
        if means.empty:
            continue
        first = arm_order(map(str, leaders(means)))
        winner = first[0]
        n_experiments = rows["experiment"].nunique()
        over = "" if n_experiments == 1 else f" over {n_experiments} experiments"
        subject = f"{classifier_title(classifier)}: "
        score = f"mean {metric_title(metric)}{over}"
        if len(first) == len(means) > 1:
            sentences.append(f"{subject}every arm has the same {score} ({means[winner]:.3f}).")
            continue
        wins = count_differences(
            results.comparison[results.comparison["classifier"] == classifier], level
        )
        against = [
            _against(wins, means, winner, reference, n_experiments)
            for reference in REFERENCES
            if reference in means.index and reference not in first
        ]
        sentences.append(
            f"{subject}the best {score} is that of {', '.join(map(arm_title, first))} "
            f"({means[winner]:.3f}){', ' if against else ''}{' and '.join(against)}."
        )
    return sentences


def _against(
    wins: pd.DataFrame, means: pd.Series, winner: str, reference: str, n_experiments: int
) -> str:
    gap = f"{means[winner] - means[reference]:.3f} above {arm_title(reference)}"
    row = wins[(wins["arm"] == winner) & (wins["reference"] == reference)]
    if row.empty:
        return f"{gap} (not tested)"
    better, worse = int(row["better"].iloc[0]), int(row["worse"].iloc[0])
    if n_experiments == 1:
        return f"{gap} ({'significant' if better else 'not significant'})"
    won = f"significantly better in {better or 'none'} of {n_experiments}"
    return f"{gap} ({won}{f', worse in {worse}' if worse else ''})"


def _table_caption(summary: pd.DataFrame, metric: str, level: float) -> str:
    n_experiments = summary["experiment"].nunique()
    of = "mean over experiments" if n_experiments > 1 else "mean"
    return (
        f"{metric_title(metric)}, {of} ± SD of the repeats; bold: best. Against a reference: "
        f"tests (experiment × classifier) with adjusted p below {level:g}."
    )


def _embedded_boxes(summary: pd.DataFrame, metric: str) -> str:
    buffer = io.BytesIO()
    with style():
        score_boxes(summary, metric).savefig(buffer, format="svg", metadata={"Date": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    alt = f"Box figure: {metric_title(metric)} of every arm and experiment"
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'
