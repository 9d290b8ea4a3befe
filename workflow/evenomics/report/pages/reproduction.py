"""The page that holds the paper's published scores, and its claims, against ours."""

from collections.abc import Mapping
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from evenomics.config.reproductions import ROLES
from evenomics.evaluation.claims import CHECKED, NOT_RUN, Run
from evenomics.evaluation.reproduction import agreement, main_scores, study_means
from evenomics.report.answer import BETTER, WORSE, of_question, verdict
from evenomics.report.figures.reproduction import STUDIES
from evenomics.report.pages.tables import figure_html, html_page, html_table
from evenomics.report.style import arm_order, arm_title, classifier_title, number

TITLE = "The paper on its own data"

#: What claims are checked on, as headings.
CHECKED_TITLES = {
    "published": "Published table",
    "given": "Predicted classes, published hyper-parameters",
    "tuned": "Predicted classes, own tuning",
    "real": "Real AUROC of the same classifiers",
    "described": "The text's protocol",
    "honest": "Honest protocol",
    "harmonised": "Honest, cohorts harmonised",
}
#: Columns of the means, as headings.
_MEANS = {
    "mean.published": "Published",
    "hard_auroc.given": "Predicted classes, published hyper-parameters",
    "hard_auroc.tuned": "Predicted classes, own tuning",
    "auroc.given": "Real AUROC, published hyper-parameters",
    "auroc.tuned": "Real AUROC, own tuning",
    "auroc.described": "AUROC, the text's protocol",
    "auroc.honest": "AUROC, honest protocol",
    "auroc.harmonised": "AUROC, honest, harmonised",
}
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


def reproduction_page(
    table: pd.DataFrame,
    claims: pd.DataFrame,
    runs: Mapping[tuple[str, str], Run],
    figures: Mapping[str, tuple[str, Figure]],
    level: float,
) -> str:
    """Self-contained HTML page: how near our scores are, the paper's claims, and its figures.

    Parameters
    ----------
    table : DataFrame
        From `evenomics.evaluation.reproduction.reproduction_table`.
    claims : DataFrame
        From `evenomics.evaluation.claims.claims_table`.
    runs : mapping of (str, str) to Run
        By published study and role.
    figures : mapping of str to (str, Figure)
        From `evenomics.report.figures.reproduction.reproduction_figures`.
    level : float
        Adjusted p-values below tell arms apart.
    """
    drawn = {name: figure_html(figure, title) for name, (title, figure) in figures.items()}
    parts = [f"<p>{_INTRODUCTION}</p>", _agreement(table), drawn.pop("agreement"), _means(table)]
    parts += [_claims(claims), _honest(runs, level), "<h2>The paper's figures</h2>"]
    parts += [f"<h3>{escape(figures[name][0])}</h3>{image}" for name, image in drawn.items()]
    return html_page(TITLE, "\n".join(parts))


def _study_title(study: str) -> str:
    return STUDIES.get(study, study)


def _agreement(table: pd.DataFrame) -> str:
    rows, lines = main_scores(table), []
    for role in ("given", "tuned"):
        column = f"hard_auroc.{role}"
        groups = [*rows.groupby("study", sort=False)] if rows[column].notna().any() else []
        named = [(_study_title(str(study)), of_study) for study, of_study in groups]
        for title, some in [*named, ("all", rows)] if groups else []:
            found = agreement(some, column)
            if found.scores:
                lines.append(
                    {
                        "Hyper-parameters": "published" if role == "given" else "own tuning",
                        "Study": title,
                        "Scores": found.scores,
                        "Mean absolute difference": number(found.mean_absolute_difference),
                        "Correlation": number(found.correlation),
                    }
                )
    caption = (
        "Published and our mean AUROC of predicted classes, alpha 0, ExpandGAN at multiplier 1."
    )
    bold = [place for place, line in enumerate(lines) if line["Study"] == "all"]
    heading = "<h2>How near our scores are to the published ones</h2>"
    if not lines:
        return f"{heading}<p>No study was run under the published protocol.</p>"
    return heading + html_table(pd.DataFrame(lines), caption, bold_rows=bold)


def _means(table: pd.DataFrame) -> str:
    means = study_means(table)
    shown = {name: title for name, title in _MEANS.items() if means[name].notna().any()}
    order = arm_order(means["arm"])
    means = means.sort_values("arm", key=lambda arms: arms.map(order.index), kind="stable")
    parts = ["<h2>Mean over the training draws</h2>"]
    for study in STUDIES:
        rows = means[means["study"] == study].sort_values("classifier", kind="stable")
        if rows.empty:
            continue
        cells = {
            "Classifier": rows["classifier"].map(classifier_title),
            "Arm": rows["arm"].map(arm_title),
        }
        cells |= {title: rows[name].map(number) for name, title in shown.items()}
        parts.append(html_table(pd.DataFrame(cells), f"{STUDIES[study]}, alpha 0, multiplier 1"))
    return "\n".join(parts)


def _claims(claims: pd.DataFrame) -> str:
    wide = claims.pivot_table(
        values="verdict", index=["claim", "sentence"], columns="scores", aggfunc="first", sort=False
    ).reset_index()
    run = [name for name in CHECKED if (wide[name] != NOT_RUN).any()]
    cells = {"Claim": wide["sentence"], "Verdict": wide["overall"]}
    shown = pd.DataFrame(cells | {CHECKED_TITLES[name]: wide[name] for name in run})
    table = html_table(shown, best={"Verdict": wide.index}, wrapped=[*shown])
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
        where = f"{found['source'].iloc[0]}: {sentence}"
        parts.append(html_table(pd.DataFrame(cells), where))
    return f"<details><summary>The evidence for each claim</summary>{''.join(parts)}</details>"


def _honest(runs: Mapping[tuple[str, str], Run], level: float) -> str:
    """Count what the tests of the honest runs say of every arm against no balancing."""
    lines = []
    for (study, role), run in runs.items():
        rows = of_question(run.comparison, "balancing")
        if role not in ("honest", "harmonised") or rows.empty:
            continue
        said = rows.assign(
            verdict=[verdict(row, {"level": level, "splits": False}) for _, row in rows.iterrows()]
        )
        for arm in arm_order(said["arm"]):
            of_arm = said[said["arm"] == arm]
            counts = of_arm["verdict"].value_counts()
            ahead, behind = (int(counts.get(word, 0)) for word in (BETTER, WORSE))
            lines.append(
                {
                    "Study": _study_title(study),
                    "Protocol": ROLES[role],
                    "Arm": arm_title(arm),
                    "Better": ahead,
                    "Worse": behind,
                    "Cannot be told": len(of_arm) - ahead - behind,
                    "Mean difference": number(float(of_arm["difference"].mean())),
                }
            )
    if not lines:
        return ""
    caption = (
        "Arms against no balancing, over training draws and classifiers: the study's own tests."
    )
    return "<h2>Does balancing help on these data?</h2>" + html_table(pd.DataFrame(lines), caption)
