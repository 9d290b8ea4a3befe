"""What balancing gives beyond moving the threshold: scores at the default and the tuned one."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_title,
    metric_title,
    style,
)

METRICS = ("balanced_accuracy", "sensitivity", "specificity")
#: Colour and face of the markers.
_THRESHOLDS = {"default": ("#D55E00", "white"), "tuned": ("#0072B2", "#0072B2")}


def threshold_dots(summary: pd.DataFrame, experiment: str) -> Figure:
    """Dots of every arm at the default and the tuned threshold, joined by a line.

    Parameters
    ----------
    summary : DataFrame
        Columns experiment, arm, classifier, metric, threshold, mean.
    experiment : str
        Which experiment.

    Returns
    -------
    Figure
        A row per classifier, a column per metric. The dashed line is no balancing at the tuned
        threshold.
    """
    rows = summary[summary["experiment"] == experiment]
    arms, classifiers = arm_order(rows["arm"]), sorted(rows["classifier"].unique())
    with style():
        figure = Figure(figsize=(8.6, 0.8 + len(classifiers) * (0.55 + 0.19 * len(arms))))
        panels = figure.subplots(
            len(classifiers), len(METRICS), squeeze=False, sharex="col", sharey=True
        )
        for line, classifier in zip(panels, classifiers, strict=True):
            for panel, metric in zip(line, METRICS, strict=True):
                here = rows[(rows["classifier"] == classifier) & (rows["metric"] == metric)]
                _draw_dots(panel, here, arms)
                panel.set_title(metric_title(metric))
            line[0].set_title(f"{classifier_title(classifier)}\n{metric_title(METRICS[0])}")
        panels[0, 0].set_yticks(range(len(arms)), [arm_title(arm) for arm in arms])
        panels[0, 0].set_ylim(len(arms) - 0.5, -0.5)
        figure.suptitle(experiment_title(experiment))
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_dots(panel: Axes, rows: pd.DataFrame, arms: list[str]) -> None:
    means = rows.pivot_table(index="arm", columns="threshold", values="mean").reindex(arms)
    panel.hlines(range(len(arms)), means["default"], means["tuned"], color="0.7", linewidth=1.5)
    for threshold, (colour, face) in _THRESHOLDS.items():
        panel.plot(
            means[threshold], range(len(arms)), linestyle="none", marker="o", markersize=5,
            markeredgecolor=colour, markerfacecolor=face, label=f"{threshold} threshold",
        )  # fmt: skip
    if "none" in arms:
        panel.axvline(
            means["tuned"].loc["none"], color="0.3", linestyle="--", linewidth=0.8, zorder=0.5,
            label="no balancing, tuned threshold",
        )  # fmt: skip
    panel.tick_params(axis="y", length=0)
    panel.locator_params(axis="x", nbins=4)
    panel.grid(axis="y", color="0.93", linewidth=0.6)
