"""The first page: what every study found, in words, with the tests and the figure behind them."""

import re
from dataclasses import dataclass
from html import escape

import pandas as pd

from evenomics.config.arms import AUTO
from evenomics.config.names import title
from evenomics.preparation.cohort_checks import median_shift
from evenomics.report.answer import BETTER, WORSE, of_question
from evenomics.report.figures.forest import forest
from evenomics.report.pages.tables import figure_html, html_page, html_table
from evenomics.report.style import (
    arm_title,
    classifier_title,
    experiment_title,
    interval,
    metric_title,
    number,
    p_text,
    replicates_text,
    signed,
)

# What stands between these is also shown on the report's first page (report/workflow.rst).
HEADLINE_START, HEADLINE_END = "<!-- headline -->", "<!-- end of headline -->"


@dataclass(frozen=True)
class StudyResults:
    """What the first page needs of one study and selection.

    Attributes
    ----------
    study, selection, description : str
        Names for people.
    sentences, answers, comparison, shift, findings : DataFrame
        The tables of the same names.
    """

    study: str
    selection: str
    description: str
    sentences: pd.DataFrame
    answers: pd.DataFrame
    comparison: pd.DataFrame
    shift: pd.DataFrame
    findings: pd.DataFrame

    @property
    def title(self) -> str:
        """``simulated``, with the selection where features were selected."""
        if self.selection == "none":
            return self.study
        return f"{self.study}, features selected by {title('selections', self.selection)}"


def summary_page(studies: list[StudyResults], level: float = 0.05) -> str:
    """Self-contained HTML page over all studies: answers in words, tests, forest plots.

    Parameters
    ----------
    studies : list of StudyResults
        In the order in which they are shown.
    level : float
        Adjusted p-values below tell arms apart.
    """
    answers = "\n".join(
        f"<h2>Study {escape(results.title)}</h2>{description(results)}{headline(results, level)}"
        for results in studies
    )
    figures = "\n".join(_figure(results, level) for results in studies)
    more = "\n".join(_shift_table(results) for results in studies)
    heads = "\n".join(
        f"<h3>Study {escape(results.title)}</h3>{headline(results, level)}" for results in studies
    )
    hidden = f"<template>{HEADLINE_START}{heads}{HEADLINE_END}</template>"
    return html_page("Did balancing help?", answers + figures + more + hidden)


def description(results: StudyResults) -> str:
    """Return what the config says of a study, as an HTML fragment."""
    return f'<p class="note">{escape(results.description)}</p>' if results.description else ""


def headline(results: StudyResults, level: float = 0.05) -> str:
    """Return warnings, the answer in words, and the tests behind it, as an HTML fragment."""
    warnings = "".join(
        f'<p class="warning"><strong>Warning.</strong> {escape(message)}</p>'
        for message in results.findings["message"]
    )
    first, *others = results.sentences["sentence"]
    items = "".join(f"<li>{_html(sentence)}</li>" for sentence in others)
    table = _answer_table(results.answers, level)
    return f"{warnings}<p>{_html(first)}</p><ul>{items}</ul>{table}"


def _html(sentence: str) -> str:
    return re.sub("`(.*?)`", r"<code>\1</code>", escape(sentence))


def _answer_table(answers: pd.DataFrame, level: float) -> str:
    told = answers.index[answers["verdict"].isin([BETTER, WORSE])]
    shown = pd.DataFrame(
        {
            "Training samples": answers["experiment"].map(experiment_title),
            "Classifier": answers["classifier"].map(classifier_title),
            "Arm": answers["arm"].map(arm_title),
            "Difference to no balancing": answers["difference"].map(signed),
            f"{100 * (1 - level):g}% interval": list(
                map(interval, answers["low"], answers["high"])
            ),
            "Adjusted p": answers["adjusted_p_value"].map(p_text).str.removeprefix("= "),
            "Detectable": answers["detectable"].map(number),
            "Verdict": answers["verdict"],
        },
        index=answers.index,
    )
    metric = metric_title(answers["metric"].iloc[0])
    what = f"{metric}, {replicates_text(answers)}: the arm that looks best"
    advice = f", and {arm_title(AUTO)}" if AUTO in set(answers["arm"]) else ""
    return html_table(
        shown,
        f"{what}{advice}. The adjusted p allows for all tests of the study, the interval for none "
        "but its own. Detectable: the smallest difference found with 80% power, before p is "
        "adjusted.",
        {"Verdict": told},
    )


def _figure(results: StudyResults, level: float) -> str:
    rows = of_question(results.comparison, "balancing")
    if rows.empty:
        return ""
    alt = f"Forest plot of study {results.title}: every arm minus no balancing"
    heading = f"<h2>Every arm against no balancing: {escape(results.title)}</h2>"
    return heading + figure_html(forest(rows, level), alt)


def _shift_table(results: StudyResults) -> str:
    used = median_shift(results.shift[results.shift["used"]])
    shown = pd.DataFrame(
        {
            "Cohort": used["cohort"],
            "Cells beyond the real range": used["beyond_range"].map("{:.1%}".format),
            "Median shift": used["shift_sd"].map("{:.2f} SD".format),
            "Told apart from real (AUROC)": used["auroc"].map("{:.2f}".format),
        }
    )
    return f"<h2>Shift of the cohorts: {escape(results.title)}</h2>" + html_table(
        shown,
        "Against the real cohort "
        f"({title('harmonisations', used['method'].iloc[0])}); by chance "
        f"{used['expected'].iloc[0]:.1%} of the cells lie beyond its range.",
    )
