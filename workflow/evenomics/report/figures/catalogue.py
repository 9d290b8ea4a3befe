"""Every figure of a study by its name, from the files of a run to what is drawn.

A figure's name is that of its file, up to the first dot, and that of `evenomics.config.plan.Plan`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import read_cohort
from evenomics.files import read_table
from evenomics.preparation.scaling import SkewScaler
from evenomics.report.figures.enrichment import enrichment_dots
from evenomics.report.figures.harmonise import cohort_pca
from evenomics.report.figures.samples import sample_pca
from evenomics.report.figures.scores import (
    difference_map,
    multiplier_lines,
    roc_curves,
    score_boxes,
)
from evenomics.report.figures.selection import expression_volcano, stability_figure
from evenomics.report.figures.shift import shift_dots
from evenomics.report.figures.training import pretraining_curves, training_curves

#: Paths by the names that the rules of the report give them.
Files = Mapping[str, Any]
#: What the rules say of a figure (params), and which study, selection and experiment it is of.
Settings = Mapping[str, Any]


def _scores(files: Files, settings: Settings) -> Figure:
    return score_boxes(read_table(files["summary"]), settings["metric"])


def _twins(files: Files, settings: Settings) -> Figure:
    summary = read_table(files["summary"])
    return score_boxes(summary, settings["metric"], settings["twins"], best_alpha=True)


def _multipliers(files: Files, settings: Settings) -> Figure:
    return multiplier_lines(read_table(files["summary"]), settings["metric"])


def _comparison(files: Files, settings: Settings) -> Figure:
    return difference_map(read_table(files["comparison"]), settings["level"])


def _roc(files: Files, settings: Settings) -> Figure:
    return roc_curves(
        read_table(files["roc"]), read_table(files["summary"]), settings["experiment"]
    )


def _samples(files: Files, settings: Settings) -> Figure:
    draw = read_cohort(files["draw"])
    scaler = SkewScaler.from_json(Path(files["scaler"]).read_text())
    features = list(draw.features.columns)
    assert draw.classes is not None

    def scaled(table: pd.DataFrame) -> pd.DataFrame:
        values = scaler.transform(table[features])
        return pd.DataFrame(values, columns=features, index=table.index)

    generated = {}
    for arm, path in zip(settings["arms"], files["generated"], strict=True):
        table = read_table(path, numbers=features)
        if len(table):
            labels = table[["class", "alpha", "multiplier"]]
            generated[arm] = pd.concat([labels, scaled(table)], axis=1)
    classes, experiment = settings["classes"], settings["experiment"]
    return sample_pca(scaled(draw.features), draw.classes, generated, classes, experiment)


def _pretraining(files: Files, settings: Settings) -> Figure:
    return pretraining_curves(read_table(Path(files["pretraining"]) / "history.tsv.gz"))


def _training(files: Files, settings: Settings) -> Figure:
    history, chosen = _of_training(files)
    return training_curves(
        history, chosen, settings["experiment"], settings["curve"], settings["cuts"]
    )


def _distance(files: Files, settings: Settings) -> Figure:
    return training_curves(*_of_training(files), settings["experiment"], "energy_distance")


def _of_training(files: Files) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = Path(files["training"])
    return read_table(folder / "history.tsv.gz"), read_table(folder / "chosen.tsv")


def _expression(files: Files, settings: Settings) -> Figure:
    taken = read_cohort(files["real"]).features.columns
    return expression_volcano(read_table(files["expression"]), taken, settings["classes"])


def _stability(files: Files, settings: Settings) -> Figure:
    return stability_figure(read_table(files["features"]), read_table(files["repeats"]))


def _enrichment(files: Files, settings: Settings) -> Figure:
    return enrichment_dots(read_table(files["enrichment"]), settings["level"])


def _shift(files: Files, settings: Settings) -> Figure:
    return shift_dots(read_table(files["shift"]), settings["checks"])


def _harmonise(files: Files, settings: Settings) -> Figure:
    before, after = (
        {name: read_cohort(files[f"{name}_{when}"], name) for name in COHORTS}
        for when in ("before", "after")
    )
    return cohort_pca(before, after, settings["classes"], settings["method"])


FIGURES: dict[str, Callable[[Files, Settings], Figure]] = {
    "scores": _scores,
    "twins": _twins,
    "multipliers": _multipliers,
    "comparison": _comparison,
    "roc": _roc,
    "samples": _samples,
    "pretraining": _pretraining,
    "training": _training,
    "distance": _distance,
    "expression": _expression,
    "stability": _stability,
    "enrichment": _enrichment,
    "shift": _shift,
    "harmonise": _harmonise,
}
