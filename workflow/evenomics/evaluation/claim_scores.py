"""The scores that a claim of the paper is checked on, with the tests that go with them.

As published, an arm has the score of its best alpha and its better classifier, both chosen on the
validation cohort, and differences are tested by Welch's test on repeats. Honestly, an arm has the
setting that cross-validation chose, each classifier counts for itself, and the tests are those of
`evenomics.evaluation.comparison`.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (statistics).
"""

from collections.abc import Collection
from functools import cached_property
from itertools import combinations
from typing import Protocol, Self

import numpy as np
import pandas as pd

from evenomics.evaluation.inference.difference import adjusted
from evenomics.evaluation.paper_comparison import welch
from evenomics.evaluation.reproduction import PUBLISHED_REPEATS, SETTING

_KEYS = ["experiment", "classifier", "arm"]


class ClaimScores(Protocol):
    """Scores of one study.

    Attributes
    ----------
    settings : DataFrame
        Columns experiment, classifier, arm, alpha, multiplier, mean, sd (over repeats) and n: a row
        for every setting.
    """

    settings: pd.DataFrame

    @property
    def means(self) -> pd.DataFrame:
        """Mean of every experiment (rows) and arm (columns), at the better classifier."""

    def of(self, arms: Collection[str], classifiers: Collection[str]) -> Self:
        """Return the scores of some arms and classifiers alone."""

    def against(self, arm: str, reference: str) -> pd.DataFrame:
        """Return a row per case: difference, told (1 ahead, -1 behind, else 0), tested."""


def at_main_multiplier(settings: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of arms that do not expand, and those at multiplier 1 (paper)."""
    return settings[settings["multiplier"].isin(["none", "1"])]


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the row with the best mean of every experiment and arm; of equal ones the first."""
    ranked = rows.sort_values("mean", ascending=False, kind="stable")
    return ranked.drop_duplicates(["experiment", "arm"]).sort_index()


def from_published(published: pd.DataFrame) -> pd.DataFrame:
    """Return the published scores of one study, as ``settings`` of `ClaimScores`."""
    return published.assign(n=PUBLISHED_REPEATS)[[*SETTING, "mean", "sd", "n"]]


class PublishedScores:
    """Scores that are compared as in the released scripts.

    Parameters
    ----------
    settings : DataFrame
        See `ClaimScores`.
    level : float
        Adjusted p-values below tell arms apart.

    Examples
    --------
    >>> row = {"experiment": "whole", "classifier": "svc", "alpha": "none", "multiplier": "none"}
    >>> two = [row | {"arm": "gan", "mean": 0.8, "sd": 0.1, "n": 100},
    ...        row | {"arm": "smote", "mean": 0.6, "sd": 0.0, "n": 100}]
    >>> int(PublishedScores(pd.DataFrame(two)).against("gan", "smote")["told"].item())
    1
    """

    def __init__(self, settings: pd.DataFrame, level: float = 0.05) -> None:
        self.settings, self.level = settings, level

    def of(self, arms: Collection[str], classifiers: Collection[str]) -> Self:
        """See `ClaimScores`; p-values are adjusted over the tests of these arms."""
        rows = self.settings
        rows = rows[rows["arm"].isin(arms) & rows["classifier"].isin(classifiers)]
        return type(self)(rows, self.level)

    @cached_property
    def means(self) -> pd.DataFrame:
        """See `ClaimScores`."""
        return _wide(best(at_main_multiplier(self.settings)))

    @cached_property
    def _tests(self) -> pd.DataFrame:
        """Welch's test of all pairs of arms and experiments, adjusted over all of them."""
        chosen = best(at_main_multiplier(self.settings)).to_dict("records")
        pairs = [*combinations(chosen, 2)]
        tests = pd.DataFrame(
            {
                "experiment": [a["experiment"] for a, _ in pairs],
                "other": [b["experiment"] for _, b in pairs],
                "arm": [a["arm"] for a, _ in pairs],
                "reference": [b["arm"] for _, b in pairs],
                "p_value": [float(welch(a, b)["p_value"]) for a, b in pairs],
            }
        )
        tests["adjusted_p_value"] = adjusted(tests["p_value"])
        return tests[tests["experiment"] == tests["other"]].set_index("experiment")

    def against(self, arm: str, reference: str) -> pd.DataFrame:
        """See `ClaimScores`; a case is an experiment."""
        differences = self.means[arm] - self.means[reference]
        return _told(differences, _of_pair(self._tests, arm, reference), self.level)


class HonestScores:
    """Scores that are compared by the tests of a study.

    Parameters
    ----------
    settings : DataFrame
        See `ClaimScores`.
    summary : DataFrame
        Rows of ``summary.tsv`` of the metric: every arm at the setting that was chosen.
    comparison : DataFrame
        ``comparison.tsv``.
    level : float
        Adjusted p-values below tell arms apart.

    Examples
    --------
    >>> none = pd.DataFrame(columns=["experiment", "classifier", "arm", "mean"])
    >>> len(HonestScores(none, none, none).means)
    0
    """

    def __init__(
        self,
        settings: pd.DataFrame,
        summary: pd.DataFrame,
        comparison: pd.DataFrame,
        level: float = 0.05,
    ) -> None:
        self.settings, self.summary = settings, summary
        self.comparison, self.level = comparison, level

    def of(self, arms: Collection[str], classifiers: Collection[str]) -> Self:
        """See `ClaimScores`; p-values stay adjusted over all tests of the study."""

        def some(rows: pd.DataFrame) -> pd.DataFrame:
            return rows[rows["classifier"].isin(classifiers)]

        settings, summary = some(self.settings), some(self.summary)
        return type(self)(
            settings[settings["arm"].isin(arms)],
            summary[summary["arm"].isin(arms)],
            some(self.comparison),
            self.level,
        )

    @cached_property
    def means(self) -> pd.DataFrame:
        """See `ClaimScores`."""
        return _wide(best(self.summary))

    def against(self, arm: str, reference: str) -> pd.DataFrame:
        """See `ClaimScores`; a case is an experiment with a classifier."""
        wide = self.summary.pivot_table(
            values="mean", index=["experiment", "classifier"], columns="arm"
        )
        differences = wide[arm] - wide[reference]
        tests = self.comparison
        tests = tests[
            (tests["threshold"] == tests["reference_threshold"])
            & (tests["classifier"] == tests["reference_classifier"])
        ].set_index(["experiment", "classifier"])
        return _told(differences, _of_pair(tests, arm, reference), self.level)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.pivot_table(values="mean", index="experiment", columns="arm", sort=False)


def _of_pair(tests: pd.DataFrame, arm: str, reference: str) -> "pd.Series[float]":
    """Return the adjusted p-values of two arms, whichever of them is the reference."""
    there = (tests["arm"] == arm) & (tests["reference"] == reference)
    back = (tests["arm"] == reference) & (tests["reference"] == arm)
    found = tests.loc[there | back, "adjusted_p_value"]
    return found[~found.index.duplicated()]


def _told(
    differences: "pd.Series[float]", p_values: "pd.Series[float]", level: float
) -> pd.DataFrame:
    table = differences.to_frame("difference")
    table["tested"] = p_values.reindex(table.index).notna()
    told = (p_values.reindex(table.index) < level).to_numpy()
    return table.assign(told=np.where(told, np.sign(differences), 0.0))
