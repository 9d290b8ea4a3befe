"""Every figure of a study by its name, from the files of the study to what is drawn.

The names are those of ``config/schema/report.yaml``.
"""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from evenomics.config.arms import SETTING
from evenomics.files import read_table
from evenomics.preparation.draw_files import read_draw
from evenomics.report.answer import of_question
from evenomics.report.figures.enrichment import enrichment_dots
from evenomics.report.figures.forest import forest
from evenomics.report.figures.harmonise import cohort_pca
from evenomics.report.figures.predictions import calibration_curves, roc_curves
from evenomics.report.figures.samples import sample_pca
from evenomics.report.figures.scores import multiplier_lines, score_boxes
from evenomics.report.figures.selection import expression_volcano, stability_figure
from evenomics.report.figures.shift import shift_dots
from evenomics.report.figures.thresholds import threshold_dots
from evenomics.report.figures.training import pretraining_curves, training_curves
from evenomics.report.study import StudyFiles


def _forest(of: StudyFiles, experiment: str) -> Figure:
    return forest(of_question(of.table("comparison.tsv"), "balancing"), of.settings["level"])


def _thresholds(of: StudyFiles, experiment: str) -> Figure:
    return threshold_dots(of.table("summary.tsv"), experiment)


def _scores(of: StudyFiles, experiment: str) -> Figure:
    return score_boxes(of.table("settings.tsv"), of.settings["metric"])


def _twins(of: StudyFiles, experiment: str) -> Figure:
    return score_boxes(of.table("summary.tsv"), of.settings["metric"], of.settings["twins"])


def _multipliers(of: StudyFiles, experiment: str) -> Figure:
    return multiplier_lines(of.table("settings.tsv"), of.settings["metric"])


def _roc(of: StudyFiles, experiment: str) -> Figure:
    return roc_curves(of.table("roc.tsv"), of.table("summary.tsv"), experiment)


def _calibration(of: StudyFiles, experiment: str) -> Figure:
    return calibration_curves(of.table("calibration.tsv"), experiment)


def _samples(of: StudyFiles, experiment: str) -> Figure:
    drawn = read_draw(of.folder / "draws", of.draws(experiment)[0])
    draw, scaler = drawn.cohort, drawn.scaler
    features = list(draw.features.columns)
    assert draw.classes is not None

    def scaled(table: pd.DataFrame) -> pd.DataFrame:
        values = scaler.transform(table[features])
        return pd.DataFrame(values, columns=features, index=table.index)

    generated = {}
    for arm in of.settings["sampling_arms"]:
        table = read_table(of.of_draw("scored", drawn.id) / f"generated/{arm}.tsv.gz", features)
        if len(table):
            labels = table[["class", *SETTING]]
            generated[arm] = pd.concat([labels, scaled(table)], axis=1)
    classes = of.settings["classes"]
    return sample_pca(scaled(draw.features), draw.classes, generated, classes, experiment)


def _pretraining(of: StudyFiles, experiment: str) -> Figure:
    return pretraining_curves(of.table("pretraining/1/history.tsv.gz"))


def _training(of: StudyFiles, experiment: str) -> Figure:
    history, chosen = _first_trained(of, experiment)
    return training_curves(history, chosen, experiment, of.settings["curve"], of.settings["cuts"])


def _distance(of: StudyFiles, experiment: str) -> Figure:
    history, chosen = _first_trained(of, experiment)
    return training_curves(history, chosen, experiment, "energy_distance")


def _first_trained(of: StudyFiles, experiment: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curves and the choices of the GANs of an experiment's first draw."""
    folder = of.of_draw("training", of.draws(experiment)[0])
    return read_table(folder / "history.tsv.gz"), read_table(folder / "chosen.tsv")


def _first_split(of: StudyFiles, name: str) -> pd.DataFrame:
    """Return the rows of the first split of a table of the selection."""
    table = of.table(f"selection/{name}.tsv")
    return table[table["replicate"] == 1]


def _expression(of: StudyFiles, experiment: str) -> Figure:
    taken, table = of.cohorts()["real"].features.columns, _first_split(of, "expression")
    return expression_volcano(table, taken, of.settings["classes"], of.n_splits)


def _stability(of: StudyFiles, experiment: str) -> Figure:
    return stability_figure(of.table("selection/features.tsv"), of.table("selection/repeats.tsv"))


def _enrichment(of: StudyFiles, experiment: str) -> Figure:
    table = _first_split(of, "enrichment")
    return enrichment_dots(table, of.settings["level"], n_splits=of.n_splits)


def _shift(of: StudyFiles, experiment: str) -> Figure:
    return shift_dots(of.table("shift.tsv"), of.settings["checks"])


def _harmonise(of: StudyFiles, experiment: str) -> Figure:
    before, after = of.cohorts("aligned"), of.cohorts("none")
    classes, method = of.settings["classes"], of.settings["harmonise"]
    return cohort_pca(before, after, classes, method, of.n_splits)


#: Draws a figure of a study; of one of its experiments, where each has its own.
FIGURES: dict[str, Callable[[StudyFiles, str], Figure]] = {
    "forest": _forest,
    "thresholds": _thresholds,
    "scores": _scores,
    "twins": _twins,
    "multipliers": _multipliers,
    "roc": _roc,
    "calibration": _calibration,
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
