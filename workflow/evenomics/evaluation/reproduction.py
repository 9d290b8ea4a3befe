"""The paper's published scores beside ours, on the data that its authors released.

What the release calls AUROC is computed from predicted classes (docs/reproduction.md). So its
scores are held against our ``hard_auroc``, and the AUROC of the same classifiers stands beside.

Source: Cusworth, Gkoutos, Acharjee 2024, and ``resources/cusworth2024``.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenomics.config.paths import PUBLISHED_SCORES
from evenomics.config.reproductions import ROLES
from evenomics.files import read_table

#: Repeats that the released scripts test with.
PUBLISHED_REPEATS = 100
#: Arms and classifiers with published scores.
ARMS = ["random_over", "smote", "gan", "expand_gan"]
CLASSIFIERS = ["hist_gradient_boosting", "svc"]
#: What tells our scores apart.
SETTING = ["experiment", "classifier", "arm", "alpha", "multiplier"]
#: The metrics that the table has of a run, by its role (`evenomics.config.reproductions.ROLES`).
#: Honest runs have draws of their own, which no published score is of.
MEASURES = {
    "given": ("hard_auroc", "sd", "auroc"),
    "tuned": ("hard_auroc", "sd", "auroc"),
    "described": ("auroc",),
}

#: Columns of `balancing_table`.
BALANCING = ["study", "scores", "arm", "n_cases", "n_better", "n_worse", "difference"]

#: Tables ``settings.tsv`` by the published study and the role of a run.
Runs = Mapping[tuple[str, str], pd.DataFrame]


class Agreement(NamedTuple):
    """How near our scores are to the published ones.

    Attributes
    ----------
    studies, scores : int
        How many have both.
    mean_absolute_difference, correlation : float
        NaN where there are too few scores.

    Examples
    --------
    >>> Agreement(5, 232, 0.00912, 0.98701).line
    'studies=5 scores=232 mean_absolute_difference=0.009 correlation=0.987'
    """

    studies: int
    scores: int
    mean_absolute_difference: float
    correlation: float

    @property
    def line(self) -> str:
        """All of it, as a run prints it."""
        return (
            f"studies={self.studies} scores={self.scores} "
            f"mean_absolute_difference={self.mean_absolute_difference:.3f} "
            f"correlation={self.correlation:.3f}"
        )


def published_scores() -> pd.DataFrame:
    """Return all published scores: columns as in ``published_scores.tsv``."""
    return read_table(PUBLISHED_SCORES)


def of_metric(settings: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows of a metric, at the default threshold if it has one."""
    return settings[(settings["metric"] == metric) & (settings["threshold"] != "tuned")]


def reproduction_table(published: pd.DataFrame, runs: Runs) -> pd.DataFrame:
    """Put our scores beside the published ones.

    Parameters
    ----------
    published : DataFrame
        From `published_scores`.
    runs : mapping
        See `Runs`.

    Returns
    -------
    DataFrame
        One row per published score of a study that was run, with its setting; ``mean.published``,
        ``sd.published``, and ``METRIC.ROLE`` for all of `MEASURES`, each the mean over repeats of
        all replicates (sd: that of hard_auroc); missing where the setting was not run.
    """
    names = {"mean": "mean.published", "sd": "sd.published"}
    keys = ["study", *SETTING, "alpha_under", "alpha_over"]
    table = published.rename(columns=names)[[*keys, *names.values()]]
    studies = {study for study, _ in runs}
    table = table[table["study"].isin(studies)].reset_index(drop=True)
    for role, measures in MEASURES.items():
        ours = [
            _measured(settings, measures).assign(study=study)
            for (study, of), settings in runs.items()
            if of == role
        ]
        columns = [f"{measure}.{role}" for measure in measures]
        if ours:
            found = pd.concat(ours).rename(columns=dict(zip(measures, columns, strict=True)))
            table = table.merge(found, on=["study", *SETTING], how="left", validate="m:1")
        else:
            table[columns] = np.nan
    return table


def _measured(settings: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """Return the wanted measures of every setting, as columns."""
    found = []
    for measure in measures:
        metric, column = ("hard_auroc", "sd") if measure == "sd" else (measure, "mean")
        rows = of_metric(settings, metric).set_index(SETTING)
        found.append(rows[column].rename(measure))
    return pd.concat(found, axis=1).reset_index()


def main_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at alpha 0 for both GANs, and of the multipliers at 1: 232 in the release."""
    at_zero = (table["alpha_under"] == 0) & (table["alpha_over"] == 0)
    return table[at_zero & table["multiplier"].isin(["none", "1"])]


def agreement(table: pd.DataFrame, column: str) -> Agreement:
    """Return how near our scores are to the published ones.

    Parameters
    ----------
    table : DataFrame
        From `reproduction_table`, or some of its rows.
    column : str
        Our scores, e.g. ``hard_auroc.given``.
    """
    both = table.dropna(subset=["mean.published", column])
    ours, theirs = both[column], both["mean.published"]
    varies = len(both) > 1 and ours.std() > 0 and theirs.std() > 0
    return Agreement(
        studies=both["study"].nunique(),
        scores=len(both),
        mean_absolute_difference=float((ours - theirs).abs().mean()),
        correlation=float(np.corrcoef(ours, theirs)[0, 1]) if varies else np.nan,
    )


def agreement_lines(table: pd.DataFrame) -> list[str]:
    """Return what a run prints at its end: of our own tuning, then at the given hyper-parameters.

    Parameters
    ----------
    table : DataFrame
        From `reproduction_table`.
    """
    rows = main_scores(table)
    own, given = (agreement(rows, f"hard_auroc.{role}") for role in ("tuned", "given"))
    return [f"own_tuning: {own.line}", given.line]


def balancing_table(
    comparisons: Mapping[tuple[str, str], pd.DataFrame], level: float
) -> pd.DataFrame:
    """Count what the tests of the honest runs say of every arm against no balancing.

    Parameters
    ----------
    comparisons : mapping
        Tables ``comparison.tsv`` by the published study and the role of a run.
    level : float
        Adjusted p-values below tell arms apart.

    Returns
    -------
    DataFrame
        Columns `BALANCING`. A case is an experiment with a classifier; difference is the mean.
    """
    parts = []
    for (study, role), table in comparisons.items():
        if role not in ("honest", "harmonised"):
            continue
        rows = table[(table["question"] == "balancing") & table["difference"].notna()]
        told, ahead = rows["adjusted_p_value"] < level, rows["difference"] > 0
        rows = rows.assign(n_cases=1, n_better=told & ahead, n_worse=told & ~ahead)
        counts = rows.groupby("arm", sort=False).agg(
            {"n_cases": "sum", "n_better": "sum", "n_worse": "sum", "difference": "mean"}
        )
        parts.append(counts.reset_index().assign(study=study, scores=role))
    return pd.concat(parts)[BALANCING] if parts else pd.DataFrame(columns=BALANCING)


def means_table(published: pd.DataFrame, runs: Runs) -> pd.DataFrame:
    """Average the scores of every study, classifier and arm over its training draws.

    At alpha 0 and, of arms that expand, multiplier 1. Under the honest protocol the draws are a
    run's own. A mean over other draws than the published ones would not do beside them: where one
    of these was not run, the mean is missing.

    Parameters
    ----------
    published : DataFrame
        From `published_scores`.
    runs : mapping
        See `Runs`.

    Returns
    -------
    DataFrame
        Columns study, classifier, arm, published, and ``METRIC.ROLE`` as in `reproduction_table`,
        with the honest roles as well. Arms and classifiers that were not published are there, too.
    """
    keys = ["study", "classifier", "arm"]
    main = main_scores(published)
    means = [main.groupby(keys, sort=False)["mean"].mean().rename("published")]
    for role in ROLES:
        for measure in MEASURES.get(role, ("auroc",)):
            if measure == "sd":
                continue
            parts = []
            for (study, of), settings in runs.items():
                rows = of_metric(settings, measure)
                rows = rows[rows["alpha"].isin(["none", "a0-0"])]
                rows = rows[rows["multiplier"].isin(["none", "1"])].assign(study=study)
                draws = set(main.loc[main["study"] == study, "experiment"])
                if of == role and (role not in MEASURES or draws <= set(rows["experiment"])):
                    parts.append(rows)
            if parts:
                found = pd.concat(parts).groupby(keys, sort=False)["mean"].mean()
                means.append(found.rename(f"{measure}.{role}"))
    table = pd.concat(means, axis=1).reset_index()
    return table[table["study"].isin({study for study, _ in runs})].reset_index(drop=True)
