"""Figures of predictions: ROC curves and calibration curves of every arm."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenomics.report.style import (
    CLASS_COLOURS,
    arm_colours,
    arm_order,
    arm_title,
    classifier_title,
    experiment_title,
    grid,
    number,
    style,
)

_LINES = ("-", "--", "-.", ":")


def roc_curves(roc: pd.DataFrame, summary: pd.DataFrame, experiment: str) -> Figure:
    """Mean ROC curve of every arm, with one standard deviation over the replicates as a band.

    Parameters
    ----------
    roc : DataFrame
        Columns experiment, arm, classifier, fpr, tpr_mean, tpr_sd.
    summary : DataFrame
        Has the mean AUROC, which stands beside the arm.
    experiment : str
        Which experiment.

    Returns
    -------
    Figure
        One panel per classifier.
    """
    rows = roc[roc["experiment"] == experiment]
    means = summary[summary["metric"] == "auroc"].set_index(["experiment", "classifier", "arm"])
    ordered, colours = arm_order(rows["arm"]), arm_colours(rows["arm"])
    classifiers = sorted(rows["classifier"].unique())
    with style():
        heights = [4.6, 0.4 + 0.175 * len(ordered)]
        figure = Figure(figsize=(1.0 + 4.2 * len(classifiers), 0.4 + sum(heights)))
        panels = figure.subplots(2, len(classifiers), squeeze=False, height_ratios=heights)
        for panel, below, classifier in zip(*panels, classifiers, strict=True):
            for i, arm in enumerate(ordered):
                curve = rows[(rows["arm"] == arm) & (rows["classifier"] == classifier)]
                if curve.empty:
                    continue
                spread = curve["tpr_sd"].fillna(0.0)
                low, high = curve["tpr_mean"] - spread, curve["tpr_mean"] + spread
                panel.fill_between(
                    curve["fpr"], low.clip(0), high.clip(upper=1), color=colours[arm],
                    alpha=0.10, linewidth=0,
                )  # fmt: skip
                mean = number(means.loc[(experiment, classifier, arm), "mean"])
                panel.plot(
                    curve["fpr"], curve["tpr_mean"], color=colours[arm], linewidth=1.6,
                    linestyle=_LINES[i % len(_LINES)], label=f"{mean}  {arm_title(arm)}",
                )  # fmt: skip
            _draw_square(panel)
            panel.set(xlabel="1 − specificity", ylabel="Sensitivity")
            panel.set_title(classifier_title(classifier), loc="left")
            below.set_axis_off()
            below.legend(
                *panel.get_legend_handles_labels(), title="Mean AUROC and arm",
                loc="upper center", fontsize=8, alignment="left",
            )  # fmt: skip
        figure.suptitle(experiment_title(experiment))
    return figure


def calibration_curves(calibration: pd.DataFrame, experiment: str) -> Figure:
    """Share of a class among samples, over the probability that they were given of it.

    Parameters
    ----------
    calibration : DataFrame
        Columns experiment, arm, classifier, class, mean_probability, observed; one row per bin.
    experiment : str
        Which experiment.

    Returns
    -------
    Figure
        One panel per arm, one line per classifier (and class, of more than two). No balancing is
        grey behind every other arm.
    """
    rows = calibration[calibration["experiment"] == experiment]
    arms, classifiers = arm_order(rows["arm"]), sorted(rows["classifier"].unique())
    n_rows, n_columns = grid(len(arms), 5)
    keys = ["classifier", "class"]
    with style():
        figure = Figure(figsize=(1.0 + 1.9 * n_columns, 1.2 + 2.05 * n_rows))
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for panel, arm in zip(panels.flat, arms, strict=False):
            for _, line in rows[rows["arm"] == "none"].groupby(keys):
                panel.plot(line["mean_probability"], line["observed"], color="0.8", linewidth=1)
            for (classifier, _), line in rows[rows["arm"] == arm].groupby(keys):
                place = classifiers.index(str(classifier))
                panel.plot(
                    line["mean_probability"], line["observed"], marker="o", markersize=2.5,
                    linewidth=1.2, color=CLASS_COLOURS[place % len(CLASS_COLOURS)],
                    linestyle=_LINES[place % len(_LINES)], label=classifier_title(str(classifier)),
                )  # fmt: skip
            _draw_square(panel)
            panel.set_title(arm_title(arm), fontsize=9)
            panel.tick_params(labelbottom=True)
        for panel in panels.flat[len(arms) :]:
            panel.set_visible(False)
        for panel in panels.flat[max(0, len(arms) - panels.shape[1]) : len(arms)]:
            panel.set_xlabel("Predicted probability")
        figure.suptitle(experiment_title(experiment))
        figure.supylabel("Observed share", fontsize=9)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
        figure.legend(named.values(), named, loc="outside lower center", ncols=len(named))
    return figure


def _draw_square(panel: Axes) -> None:
    panel.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
    panel.set(xlim=(-0.005, 1.005), ylim=(-0.005, 1.005), aspect="equal")
