"""The kept predictions of a study at the settings that cross-validation chose, and their tables."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from evenomics.config.arms import AUTO, SETTING
from evenomics.evaluation.metric import FALSE_POSITIVE_RATES, roc
from evenomics.evaluation.predictions import (
    TEXTS,
    calibration_table,
    confusion_table,
    labelled,
    per_class_table,
    prediction_of,
)
from evenomics.files import read_parts
from evenomics.report.study import StudyFiles

_CHOICE = ["replicate", "classifier", *SETTING]


class ChosenPredictions:
    """Predictions by experiment, arm and classifier, at the setting chosen in each replicate.

    Parameters
    ----------
    of : StudyFiles

    Notes
    -----
    Files are read part by part, and of one experiment what was chosen is kept: all settings of all
    arms would fill the memory.
    """

    def __init__(self, of: StudyFiles) -> None:
        self._of = of
        tuning = of.scored("tuning.tsv")
        choices = tuning[tuning["chosen"] & (tuning["arm"] != AUTO)].assign(to=lambda t: t["arm"])
        if AUTO in of.settings["arms"]:
            choices = pd.concat([choices, of.scored("auto.tsv").assign(to=AUTO)])
        self._choices = choices
        self._experiment = ""
        self._kept: dict[tuple[str, str], pd.DataFrame] = {}

    def __call__(self, experiment: str, arm: str, classifier: str) -> dict[int, pd.DataFrame]:
        """Return the predictions of each replicate; none for what was not scored."""
        if experiment != self._experiment:
            self._experiment, self._kept = experiment, self._read(experiment)
        rows = self._kept.get((arm, classifier))
        if rows is None:
            return {}
        return {int(str(replicate)): table for replicate, table in rows.groupby("replicate")}

    def cases(self) -> list[tuple[str, str, str]]:
        """Return every experiment, arm and classifier, those of an experiment together."""
        names = self._choices[["experiment", "to", "classifier"]].drop_duplicates()
        names = names.sort_values("experiment", kind="stable")
        return list(names.itertuples(index=False, name=None))

    def _read(self, experiment: str) -> dict[tuple[str, str], pd.DataFrame]:
        parts = defaultdict(list)
        here = self._choices[self._choices["experiment"] == experiment]
        for arm, choices in here.groupby("arm", sort=False):
            for draw in self._of.draws(experiment):
                folder = self._of.of_draw("scored", draw) / "predictions"
                parts_of_arm = read_parts(folder / f"{arm}.tsv.gz")
                chosen = pd.concat(
                    part.merge(choices[[*_CHOICE, "to"]], on=_CHOICE) for part in parts_of_arm
                )
                chosen = chosen.astype(dict.fromkeys(TEXTS, "category"))
                for (to, classifier), rows in chosen.groupby(["to", "classifier"]):
                    parts[str(to), str(classifier)].append(rows.drop(columns=["to", *SETTING]))
        return {case: pd.concat(rows, ignore_index=True) for case, rows in parts.items()}


def prediction_tables(of: StudyFiles, predictions: ChosenPredictions) -> dict[str, pd.DataFrame]:
    """Return the tables of all arms, `auto` included.

    Returns
    -------
    dict of str to DataFrame
        ``confusion``, ``per_class`` and ``calibration`` (predictions of all replicates and repeats
        pooled), and ``roc`` (mean and SD over the replicates of the mean curve over the repeats).
        All begin with study, selection, experiment, arm, classifier.
    """
    made: dict[str, Callable[[pd.DataFrame, Sequence[str]], pd.DataFrame]] = {
        "confusion": confusion_table,
        "per_class": per_class_table,
        "calibration": calibration_table,
        "roc": _mean_roc,
    }
    parts = defaultdict(list)
    for experiment, arm, classifier in predictions.cases():
        label = {"study": of.study, "selection": of.selection, "experiment": experiment}
        label |= {"arm": arm, "classifier": classifier}
        rows = pd.concat(predictions(experiment, arm, classifier).values(), ignore_index=True)
        for name, table_of in made.items():
            parts[name].append(labelled(table_of(rows, of.settings["classes"]), label))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _mean_roc(rows: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    curves = [
        np.mean([roc(prediction_of(one, classes)) for _, one in of.groupby("repeat")], axis=0)
        for _, of in rows.groupby("replicate")
    ]
    spread = np.std(curves, axis=0, ddof=1) if len(curves) > 1 else np.nan
    return pd.DataFrame(
        {"fpr": FALSE_POSITIVE_RATES, "tpr_mean": np.mean(curves, axis=0), "tpr_sd": spread}
    )
