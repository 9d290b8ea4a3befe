"""The page that holds the paper's published scores, and its claims, against ours."""

from collections.abc import Mapping
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from evenomics.evaluation.claims import NOT_RUN
from evenomics.report.pages.tables import figure_html, html_page, html_table
from evenomics.report.reproduction import (
    CHECKED_TITLES,
    agreement_rows,
    balancing_rows,
    claim_rows,
    mean_rows,
)

_INTRODUCTION = (
    "The data and scores are those that the authors of Cusworth et al. (2024) released. What the "
    "released scripts report as AUROC is computed from predicted classes; with two classes it is "
    "balanced accuracy. So the published numbers are held against ours of predicted classes. The "
    "AUROC of the very same classifiers, from their scores, stands beside."
)
_RULES = (
    "A claim is checked on every table alike. Levels are the paper's, on means rounded to two "
    'digits. "Significantly better in most experiments" needs more than half of them, "in all" '
    "needs all; where too few tests say so, the claim cannot be told if those that tell nothing "
    "would suffice, else it does not hold. As published, an arm has its best alpha and its better "
    "classifier on the validation cohort, and the test is Welch's on repeats; under the honest "
    "protocol, the setting is chosen by cross-validation, each classifier counts for itself, and "
    "the tests are those of the study. Verdict: that on our predicted classes, unless it holds "
    "there; then whether it holds with the real AUROC; then what the text's and the honest "
    "protocol say, the weakest first. Harmonised cohorts are other data and have no say."
)
_BOXES = (
    "AUROC of predicted classes less 0.5, as the paper has it: the line of a box is the mean, its "
    "ends are one standard deviation over repeats away. Each alpha, which stands below (one number "
    "for GAN, under/over-represented class for ExpandGAN), has its better classifier."
)


def reproduction_page(
    table: pd.DataFrame,
    means: pd.DataFrame,
    claims: pd.DataFrame,
    balancing: pd.DataFrame,
    figures: Mapping[str, tuple[str, Figure]],
) -> str:
    """Self-contained HTML page: how near our scores are, the paper's claims, and its figures.

    Parameters
    ----------
    table, means, balancing : DataFrame
        From `evenomics.evaluation.reproduction`.
    claims : DataFrame
        From `evenomics.evaluation.claims.claims_table`.
    figures : mapping of str to (str, Figure)
        From `evenomics.report.figures.reproduction.reproduction_figures`.
    """
    drawn = {name: figure_html(figure, heading) for name, (heading, figure) in figures.items()}
    parts = [f"<p>{_INTRODUCTION}</p>", _agreement(table), drawn.pop("agreement"), _means(means)]
    parts += [
        _claims(claims),
        _balancing(balancing),
        f"<h2>The paper's figures</h2><p>{_BOXES}</p>",
    ]
    parts += [f"<h3>{escape(figures[name][0])}</h3>{image}" for name, image in drawn.items()]
    return html_page("The paper on its own data", "\n".join(parts))


def _agreement(table: pd.DataFrame) -> str:
    heading, rows = "<h2>How near our scores are to the published ones</h2>", agreement_rows(table)
    if rows.empty:
        return f"{heading}<p>No study was run under the published protocol.</p>"
    caption = "AUROC of predicted classes, published and ours; alpha 0, ExpandGAN at multiplier 1."
    return heading + html_table(rows, caption, bold_rows=rows.index[rows["Study"] == "all"])


def _means(means: pd.DataFrame) -> str:
    tables = [html_table(rows, f"{title}, alpha 0") for title, rows in mean_rows(means)]
    return "<h2>Means over the training draws</h2>" + "\n".join(tables)


def _claims(claims: pd.DataFrame) -> str:
    rows = claim_rows(claims)
    table = html_table(rows, best={"Verdict": rows.index}, wrapped=[*rows])
    return f"<h2>What the paper says of its results</h2><p>{_RULES}</p>{table}{_evidence(claims)}"


def _evidence(claims: pd.DataFrame) -> str:
    rows = claims[(claims["scores"] != "overall") & (claims["verdict"] != NOT_RUN)]
    parts = []
    for sentence, found in rows.groupby("sentence", sort=False):
        cells = {
            "Checked on": found["scores"].map(CHECKED_TITLES),
            "Verdict": found["verdict"],
            "Evidence": found["evidence"].fillna(""),
        }
        parts.append(html_table(pd.DataFrame(cells), f"{found['source'].iloc[0]}: {sentence}"))
    return f"<details><summary>The evidence for each claim</summary>{''.join(parts)}</details>"


def _balancing(balancing: pd.DataFrame) -> str:
    if balancing.empty:
        return ""
    caption = (
        "Arms against no balancing: in how many cases (training draws, classifiers) the honest "
        "tests find an arm better or worse."
    )
    heading = "<h2>Does balancing help on these data?</h2>"
    return heading + html_table(balancing_rows(balancing), caption)
