"""Summaries of the scores of a study, and tests between its arms.

A replicate is a training draw or an outer split. In each an arm has the setting that
cross-validation chose there, so that nothing is chosen on validation samples. Repeats, which share
all real samples, are averaged.

Where replicates are draws that share a validation cohort, arms are compared by the test of
Obuchowski and Rockette, corrected for draws that overlap. Where they are splits of one table, by
the corrected resampled t-test. How often either is wrong: ``bench/false_positives.py``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from evenomics.config.arms import AUTO, SETTING
from evenomics.config.names import names
from evenomics.evaluation.inference.contributions import delong, jackknife, of_groups
from evenomics.evaluation.inference.difference import Difference, adjusted
from evenomics.evaluation.inference.obuchowski_rockette import obuchowski_rockette
from evenomics.evaluation.inference.resampled import corrected_resampled_t
from evenomics.evaluation.metric import METRICS, Floats, Prediction
from evenomics.evaluation.predictions import prediction_of

STUDY = ["study", "selection"]
#: Columns of a metric.
MEASURE = ["metric", "threshold"]
#: Columns of `summarise`.
SETTINGS = [
    *(*STUDY, "experiment", "arm", *SETTING, "classifier", *MEASURE),
    *("mean", "sd", "n_replicates", "n", "n_chosen"),
]
#: Columns of `summarise_chosen`.
SUMMARY = [
    *(*STUDY, "experiment", "arm", "classifier", *MEASURE),
    *("mean", "sd", "n_replicates", "n_repeats", "n_validation"),
]
#: Columns of `compare`.
COMPARISON = [
    *(*STUDY, "experiment", "question", "arm", "classifier", *MEASURE),
    *("reference", "reference_classifier", "reference_threshold"),
    *("mean", "mean_reference", "difference", "standard_error", "t", "df"),
    *("p_value", "adjusted_p_value", "low", "high", "detectable"),
    *("n_replicates", "n_validation", "test", "note"),
]
#: The questions, each with the family whose p-values are adjusted together.
QUESTIONS = {
    "balancing": "balancing",
    "smote": "balancing",
    "threshold": "threshold",
    "plain": "plain",
    "untrained": "untrained",
}

_PLAIN = "logistic_regression"
#: Predictions of an arm at the settings that it has: ``(experiment, arm, classifier) -> tables by
#: replicate``, see `evenomics.evaluation.predictions`; with a column ``repeat``.
Predictions = Callable[[str, str, str], Mapping[int, pd.DataFrame]]


@dataclass(frozen=True)
class Design:
    """What the replicates of an experiment have in common.

    Attributes
    ----------
    kind : str
        ``draws``: training draws from one cohort, scored on one validation cohort. ``splits``:
        outer splits of one table.
    shared : float
        Draws: share of the samples of a draw that another draw has, too. Splits: share of the table
        that is for validation.
    n_validation : int
        Validation samples of a replicate.

    Examples
    --------
    >>> Design.splits(n_validation=25, n_table=100)
    Design(kind='splits', shared=0.25, n_validation=25)
    """

    kind: Literal["draws", "splits"]
    shared: float
    n_validation: int

    @classmethod
    def draws(cls, counts: pd.DataFrame, n_validation: int) -> "Design":
        """Describe draws from one cohort.

        Parameters
        ----------
        counts : DataFrame
            Columns n_samples and shared, one row per class and draw. The fewer samples a class has,
            the more the draw of them matters: shares are weighted by 1 / n_samples.
        n_validation : int
        """
        shared = float(np.average(counts["shared"], weights=1 / counts["n_samples"]))
        return cls("draws", shared, n_validation)

    @classmethod
    def splits(cls, n_validation: int, n_table: int) -> "Design":
        """Describe splits of a table with so many samples."""
        return cls("splits", n_validation / n_table, n_validation)


class Scored(NamedTuple):
    """What has a value in every replicate.

    Examples
    --------
    >>> Scored("gan", "svc", "auroc", "none")._replace(arm="smote").arm
    'smote'
    """

    arm: str
    classifier: str
    metric: str
    threshold: str


def over_repeats(scores: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return mean, sd and n of the values of each group.

    Parameters
    ----------
    scores : DataFrame
    columns : sequence of str
        That tell the groups apart.

    Returns
    -------
    DataFrame
        The columns, mean, sd (n - 1 in the denominator; exactly 0 where all values agree), n.
    """
    groups = scores.groupby(list(columns), sort=False)["value"]
    table = groups.agg(mean="mean", sd="std", n="count", low="min", high="max").reset_index()
    same = table["low"] == table["high"]
    # rounding: a mean of equal numbers may differ from them in the last digit
    table.loc[same, "mean"] = table["low"]
    table.loc[same & (table["n"] > 1), "sd"] = 0.0
    return table.drop(columns=["low", "high"])


def summarise(scores: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation of every setting over all repeats of all replicates.

    Parameters
    ----------
    scores, tuning : DataFrame
        See `evenomics.evaluation.scoring`.

    Returns
    -------
    DataFrame
        Columns `SETTINGS`; n counts repeats, n_chosen the replicates in which the setting was
        chosen.
    """
    at = [*STUDY, "experiment", "arm", *SETTING, "classifier"]
    table = over_repeats(scores, [*at, *MEASURE])
    groups = scores.groupby([*at, *MEASURE], sort=False)["replicate"]
    table["n_replicates"] = groups.nunique().to_numpy()
    chosen = tuning.groupby(at, sort=False)["chosen"].sum().rename("n_chosen")
    return table.merge(chosen.reset_index(), on=at, how="left")[SETTINGS]


def at_chosen_settings(scores: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return the scores at the setting that was chosen for an arm in each replicate."""
    at = [*STUDY, "experiment", "replicate", "arm", *SETTING, "classifier"]
    return scores.merge(tuning.loc[tuning["chosen"], at], on=at)


def summarise_chosen(
    scores: pd.DataFrame, tuning: pd.DataFrame, designs: Mapping[str, Design]
) -> pd.DataFrame:
    """Return the scores of every arm at its chosen settings.

    Parameters
    ----------
    scores, tuning : DataFrame
        See `evenomics.evaluation.scoring`.
    designs : mapping of str to Design
        By experiment.

    Returns
    -------
    DataFrame
        Columns `SUMMARY`. sd is that over replicates of the mean over repeats; missing for one
        replicate.
    """
    case = [*STUDY, "experiment", "arm", "classifier", *MEASURE]
    by_replicate = over_repeats(at_chosen_settings(scores, tuning), [*case, "replicate"])
    values = by_replicate.rename(columns={"mean": "value", "n": "n_repeats"})
    table = over_repeats(values, case).rename(columns={"n": "n_replicates"})
    table["n_repeats"] = values.groupby(case, sort=False)["n_repeats"].max().to_numpy()
    table["n_validation"] = [designs[name].n_validation for name in table["experiment"]]
    return table[SUMMARY]


def by_study(summary: pd.DataFrame, metric: str = "auroc") -> pd.DataFrame:
    """Return the mean of every arm over the experiments of a study.

    Parameters
    ----------
    summary : DataFrame
        What `summarise_chosen` returns, of one or more studies.
    metric : str

    Returns
    -------
    DataFrame
        One row per study, selection and arm: columns study, selection, arm, metric, one column per
        classifier (missing if it does not have the metric), n_experiments.
    """
    case = [*STUDY, "arm", "metric"]
    rows = summary[(summary["metric"] == metric) & (summary["threshold"] != "tuned")]
    groups = rows.groupby(case, sort=False)
    table = rows.pivot_table(
        values="mean", index=case, columns="classifier", aggfunc="mean", sort=False,
        dropna=False, observed=True,
    ).reindex(list(groups.groups))  # fmt: skip
    table["n_experiments"] = groups["experiment"].nunique()
    return table.rename_axis(columns=None).reset_index()


def compare(
    scores: pd.DataFrame,
    tuning: pd.DataFrame,
    predictions: Predictions,
    designs: Mapping[str, Design],
    metric: str = "auroc",
    level: float = 0.05,
    groups: pd.Series | None = None,
) -> pd.DataFrame:
    """Compare the arms of a study, by the questions that are asked.

    ``balancing``: every arm with `none`. ``smote``: `auto`, or where it was not run every GAN arm,
    with `smote`. ``threshold``: the balanced accuracy of every arm with that of `none` at a tuned
    threshold. ``plain``: every arm with logistic regression without balancing, for every other
    classifier. ``untrained``: every GAN arm with the untrained one. P-values are adjusted by
    Benjamini-Hochberg within a family (`QUESTIONS`).

    Parameters
    ----------
    scores, tuning : DataFrame
        Of one study and selection, see `evenomics.evaluation.scoring`.
    predictions : callable
        See `Predictions`; asked where replicates are draws.
    designs : mapping of str to Design
        By experiment.
    metric : str
        The metric of all questions but ``threshold``.
    level : float
        1 minus the probability that an interval holds the true difference.
    groups : Series, optional
        Whom each validation sample is from, by sample id: samples of a group are not independent.
        Used where replicates are draws.

    Returns
    -------
    DataFrame
        Columns `COMPARISON`: difference is that of means over replicates, arm minus reference;
        low and high bound its interval; detectable is the smallest true difference that such a
        study finds with a probability of 80%, before p is adjusted. Where there is no test, note
        says why.
    """
    case = [*STUDY, "experiment"]
    chosen = at_chosen_settings(scores, tuning)
    values = over_repeats(chosen, [*case, *Scored._fields, "replicate"])
    rows = []
    for names_of_case, of_experiment in values.groupby(case, sort=False):
        label = dict(zip(case, map(str, names_of_case), strict=True))
        experiment = label["experiment"]
        found = {
            Scored(*map(str, key)): group.set_index("replicate")["mean"]
            for key, group in of_experiment.groupby(list(Scored._fields), sort=False)
        }
        comparison = _Comparison(experiment, found, predictions, designs[experiment], level, groups)
        rows += [
            label | {"question": question} | comparison.row(arm, than)
            for question, arm, than in _questions(found, metric)
            if arm in found and than in found
        ]
    table = pd.DataFrame(rows, columns=COMPARISON)
    order = table["question"].map({name: place for place, name in enumerate(QUESTIONS)})
    table = table.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    family = table["question"].map(QUESTIONS)
    table["adjusted_p_value"] = table.groupby(family)["p_value"].transform(adjusted)
    return table


def _questions(found: Mapping[Scored, Any], metric: str) -> Iterator[tuple[str, Scored, Scored]]:
    """Yield what is compared with what; not all of it need have been scored."""
    arms = list(dict.fromkeys(scored.arm for scored in found))
    gans = [arm for arm in arms if names("arms").get(arm, {}).get("gan")]
    against_smote = [AUTO] if AUTO in arms else gans
    threshold = "default" if METRICS[metric].thresholded else "none"
    for classifier in dict.fromkeys(scored.classifier for scored in found):
        for arm in arms:
            scored = Scored(arm, classifier, metric, threshold)
            if arm != "none":
                yield "balancing", scored, scored._replace(arm="none")
                moved = Scored("none", classifier, "balanced_accuracy", "tuned")
                yield "threshold", moved._replace(arm=arm, threshold="default"), moved
            if arm in against_smote:
                yield "smote", scored, scored._replace(arm="smote")
            if arm in gans:
                yield "untrained", scored, scored._replace(arm="untrained_gan")
            if classifier != _PLAIN:
                yield "plain", scored, scored._replace(arm="none", classifier=_PLAIN)


class _Comparison:
    """The tests of one experiment. What a test has computed is kept for the others."""

    def __init__(
        self,
        experiment: str,
        values: Mapping[Scored, "pd.Series[float]"],
        predictions: Predictions,
        design: Design,
        level: float,
        groups: pd.Series | None,
    ) -> None:
        self.values, self.design, self.level = values, design, level
        self.unit = "sample" if groups is None else "group"

        @cache
        def contributions(scored: Scored) -> dict[int, Floats]:
            tables = predictions(experiment, scored.arm, scored.classifier)
            return {
                replicate: _contributions(table, scored.metric, scored.threshold, groups)
                for replicate, table in tables.items()
            }

        self.contributions = contributions

    def row(self, arm: Scored, than: Scored) -> dict[str, Any]:
        """Return the row of the table for an arm and its reference."""
        pair = pd.DataFrame({"arm": self.values[arm], "than": self.values[than]}).dropna()
        mean, mean_reference = pair.mean()
        row = arm._asdict() | {
            "reference": than.arm,
            "reference_classifier": than.classifier,
            "reference_threshold": than.threshold,
            "mean": mean,
            "mean_reference": mean_reference,
            "difference": mean - mean_reference,
            "n_replicates": len(pair),
            "n_validation": self.design.n_validation,
        }
        if note := self._why_none(len(pair)):
            return row | {"test": "none", "note": f"no test: {note}"}
        if self.design.kind == "splits":
            test = "corrected_resampled_t"
            differences = (pair["arm"] - pair["than"]).to_numpy()
            found = corrected_resampled_t(differences, self.design.shared)
        else:
            test = "obuchowski_rockette"
            found = self._on_draws(pair, arm, than)
        if np.isnan(found.standard_error):
            return row | {"test": "none", "note": f"no test: one validation {self.unit} of a class"}
        if found.standard_error == 0:
            return row | {"test": "none", "note": "no test: the difference never varies"}
        low, high = found.interval(self.level)
        return row | {
            "standard_error": found.standard_error,
            "t": found.t,
            "df": found.df,
            "p_value": found.p_value,
            "low": low,
            "high": high,
            "detectable": found.detectable(self.level),
            "test": test,
            "note": "",
        }

    def _why_none(self, n_replicates: int) -> str:
        """Say why there is no test, if so."""
        if n_replicates == 0:
            return "the classifiers do not have the metric"
        if n_replicates == 1:
            return f"one {self.design.kind.removesuffix('s')}"
        if self.design.shared >= 1:
            return "all draws have the same samples, which do not tell what others would give"
        return ""

    def _on_draws(self, pair: pd.DataFrame, arm: Scored, than: Scored) -> Difference:
        contributions = np.array(
            [[self.contributions(side)[draw] for draw in pair.index] for side in (arm, than)]
        )
        test = obuchowski_rockette(pair.to_numpy().T, contributions, self.design.shared)
        return test.difference(0, 1)


def _contributions(
    rows: pd.DataFrame, metric: str, threshold: str, groups: pd.Series | None
) -> Floats:
    """Return what validation samples, or groups of them, add to the error of the mean over repeats.

    Samples are in the order of their ids. NaN where a class has but one of them.
    """
    scored = [name[len("score.") :] for name in map(str, rows) if name.startswith("score.")]
    classes = sorted(set(rows["class"]) - set(scored)) + scored  # of two, the second is scored
    repeats = [repeat for _, repeat in rows.sort_values("sample_id").groupby("repeat")]
    predictions = [prediction_of(repeat, classes) for repeat in repeats]
    truth, samples = predictions[0].classes, repeats[0]["sample_id"].astype(str)
    members = pd.factorize(samples if groups is None else groups.loc[samples])[0]
    if min(len(np.unique(members[truth == code])) for code in np.unique(truth)) < 2:
        return np.full(members.max() + 1, np.nan)
    if metric == "auroc":
        scores = np.array([prediction.scores for prediction in predictions])
        found = delong(truth, scores)[1].mean(axis=0)
    else:
        if threshold != "none":
            predictions = [_of_classes(prediction, threshold) for prediction in predictions]
        found = np.mean([jackknife(METRICS[metric].score, one) for one in predictions], axis=0)
    return of_groups(found, truth, members)


def _of_classes(prediction: Prediction, threshold: str) -> Prediction:
    """Return a prediction that tells no more than the predicted classes."""
    tuned = threshold == "tuned"
    predicted = prediction.predicted_tuned if tuned else prediction.predicted
    return Prediction(prediction.classes, np.eye(prediction.n_classes)[predicted])
