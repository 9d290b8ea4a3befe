"""What the page and the documentation show of published scores and ours, as tables for people."""

from collections.abc import Collection, Iterator

import pandas as pd

from evenomics.config.reproductions import ROLES
from evenomics.evaluation.claims import CHECKED, NOT_RUN
from evenomics.evaluation.reproduction import agreement, main_scores
from evenomics.report.style import arm_order, arm_title, classifier_title, number

#: The published studies, in the order of the paper.
STUDIES = {
    "simulation": "Simulation",
    "microarray": "Microarray",
    "lipidomics": "Lipidomics",
    "microarray_lasso": "Microarray, selected genes",
    "lipidomics_lasso": "Lipidomics, selected lipids",
}
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
    "published": "Published",
    "hard_auroc.given": "Predicted classes, published hyper-parameters",
    "hard_auroc.tuned": "Predicted classes, own tuning",
    "auroc.given": "Real AUROC, published hyper-parameters",
    "auroc.tuned": "Real AUROC, own tuning",
    "auroc.described": "AUROC, the text's protocol",
    "auroc.honest": "AUROC, honest protocol, own draws",
    "auroc.harmonised": "AUROC, honest, own draws, harmonised",
}


def agreement_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate how near our scores are to the published ones, by study and over all.

    Parameters
    ----------
    table : DataFrame
        From `evenomics.evaluation.reproduction.reproduction_table`.
    """
    rows, lines = main_scores(table), []
    for role, hyper_parameters in (("given", "published"), ("tuned", "own tuning")):
        parts = {title: rows[rows["study"] == study] for study, title in STUDIES.items()}
        for title, part in {**parts, "all": rows}.items():
            found = agreement(part, f"hard_auroc.{role}")
            if not found.scores:
                continue
            lines.append(
                {
                    "Hyper-parameters": hyper_parameters,
                    "Study": title,
                    "Scores": found.scores,
                    "Mean absolute difference": number(found.mean_absolute_difference),
                    "Correlation": number(found.correlation),
                }
            )
    return pd.DataFrame(lines)


def mean_rows(
    means: pd.DataFrame, arms: Collection[str] = ()
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the title of every study, and the means of its arms over training draws.

    Parameters
    ----------
    means : DataFrame
        From `evenomics.evaluation.reproduction.means_table`.
    arms : collection of str
        Those to show; all, if there are none.
    """
    shown = {name: title for name, title in _MEANS.items() if name in means}
    order = arm_order(means["arm"])
    means = means.sort_values("arm", key=lambda of: of.map(order.index), kind="stable")
    for study, title in STUDIES.items():
        rows = means[(means["study"] == study) & (means["arm"].isin(arms) | (not arms))]
        rows = rows.sort_values("classifier", kind="stable")
        if rows.empty:
            continue
        cells = {
            "Classifier": rows["classifier"].map(classifier_title),
            "Arm": rows["arm"].map(arm_title),
        }
        cells |= {heading: rows[name].map(number) for name, heading in shown.items()}
        yield title, pd.DataFrame(cells)


def claim_rows(claims: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the verdicts on every claim; what was not run has no column.

    Parameters
    ----------
    claims : DataFrame
        From `evenomics.evaluation.claims.claims_table`.
    """
    wide = claims.pivot_table(
        values="verdict", index=["claim", "sentence"], columns="scores", aggfunc="first", sort=False
    ).reset_index()
    run = [name for name in CHECKED if (wide[name] != NOT_RUN).any()]
    cells = {"Claim": wide["sentence"], "Verdict": wide["overall"]}
    return pd.DataFrame(cells | {CHECKED_TITLES[name]: wide[name] for name in run})


def balancing_rows(balancing: pd.DataFrame) -> pd.DataFrame:
    """Tabulate what the honest tests say of every arm against no balancing.

    Parameters
    ----------
    balancing : DataFrame
        From `evenomics.evaluation.reproduction.balancing_table`.
    """
    return pd.DataFrame(
        {
            "Study": balancing["study"].map(STUDIES),
            "Protocol": balancing["scores"].map(ROLES),
            "Arm": balancing["arm"].map(arm_title),
            "Better": balancing["n_better"],
            "Worse": balancing["n_worse"],
            "Cannot be told": balancing["n_cases"] - balancing["n_better"] - balancing["n_worse"],
            "Mean difference": balancing["difference"].map(number),
        }
    )
