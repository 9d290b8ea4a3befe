"""Tables that follow from the kept predictions, at the settings that cross-validation chose."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from evenomics.evaluation.metric import FALSE_POSITIVE_RATES, roc
from evenomics.evaluation.predictions import (
    calibration_table,
    confusion_table,
    per_class_table,
    prediction_of,
)
from evenomics.report.answer import AUTO
from evenomics.report.study import StudyFiles

#: Columns that tell the predictions of one trained setting apart.
_CHOICE = ["replicate", "classifier", "alpha", "multiplier", "bandwidth"]


def prediction_tables(of: StudyFiles) -> dict[str, pd.DataFrame]:
    """Return the tables of all arms, `auto` included.

    Returns
    -------
    dict of str to DataFrame
        ``confusion`` and ``per_class`` (predictions of all replicates and repeats pooled),
        ``calibration`` (likewise), and ``roc`` (mean and SD over the replicates of the curve, which
        is the mean over the repeats). All begin with study, selection, experiment, arm, classifier.
    """
    classes = of.settings["classes"]
    tables: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "confusion": lambda frame: confusion_table(frame, classes),
        "per_class": lambda frame: per_class_table(frame, classes),
        "calibration": lambda frame: calibration_table(frame, classes),
        "roc": lambda frame: _mean_roc(frame, classes),
    }
    parts = defaultdict(list)
    for label, frame in _chosen(of):
        names = {"study": of.study, "selection": of.selection, **label}
        for name, made in tables.items():
            table = made(frame)
            parts[name].append(table.assign(**names)[[*names, *table.columns]])
    return {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}


def _chosen(of: StudyFiles) -> Iterator[tuple[Mapping[str, str], pd.DataFrame]]:
    """Yield the predictions of every experiment, arm and classifier, at the chosen settings."""
    tuning = of.table("tuning.tsv")
    took = of.table("auto.tsv") if AUTO in of.settings["arms"] else None
    for experiment, rows in tuning[tuning["chosen"]].groupby("experiment", sort=False):
        advice = []
        for arm, choices in rows[rows["arm"] != AUTO].groupby("arm", sort=False):
            # one file at a time: those of all arms would fill the memory
            frame = of.read(f"predictions/{experiment}.{arm}.tsv.gz")
            for classifier, part in frame.merge(choices[_CHOICE], on=_CHOICE).groupby("classifier"):
                yield {"experiment": experiment, "arm": arm, "classifier": classifier}, part
            if took is not None:
                taken = took[(took["experiment"] == experiment) & (took["arm"] == arm)]
                advice.append(frame.merge(taken[_CHOICE], on=_CHOICE))
        if advice:
            for classifier, part in pd.concat(advice, ignore_index=True).groupby("classifier"):
                yield {"experiment": experiment, "arm": AUTO, "classifier": classifier}, part


def _mean_roc(frame: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    curves = [
        np.mean([roc(prediction_of(one, classes)) for _, one in of.groupby("repeat")], axis=0)
        for _, of in frame.groupby("replicate")
    ]
    spread = np.std(curves, axis=0, ddof=1) if len(curves) > 1 else np.nan
    return pd.DataFrame(
        {"fpr": FALSE_POSITIVE_RATES, "tpr_mean": np.mean(curves, axis=0), "tpr_sd": spread}
    )
