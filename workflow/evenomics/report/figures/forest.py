"""The headline figure: how far every arm is from no balancing, with intervals (forest plot)."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_order,
    experiment_title,
    in_sentence,
    metric_title,
    replicates_text,
    style,
)

# inches between the intervals of an arm, and between arms
_PITCH, _GAP = 0.085, 0.11
_UNDETECTABLE = "0.9"


def forest(rows: pd.DataFrame, level: float = 0.05) -> Figure:
    """Forest plot: the difference between every arm and no balancing, with its interval.

    Parameters
    ----------
    rows : DataFrame
        Rows of the comparison that answer one question, with one reference.
    level : float
        Differences whose adjusted p-value is below have filled markers.

    Returns
    -------
    Figure
        One panel per classifier, arms from top to bottom, experiments side by side within an arm.
        A grey bar is as long as the smallest difference that would be found with 80% power, before
        p is adjusted.
    """
    arms, experiments = arm_order(rows["arm"]), experiment_order(rows["experiment"])
    classifiers = sorted(rows["classifier"].unique())
    # light colours of the map would be lost on white
    places = np.linspace(0.1, 0.8, len(experiments))
    colours = dict(zip(experiments, mpl.colormaps["viridis"](places), strict=True))
    step = _PITCH / (_GAP + _PITCH * len(experiments))
    offsets = {name: step * (i - (len(experiments) - 1) / 2) for i, name in enumerate(experiments)}
    placed = rows.assign(y=rows["arm"].map(arms.index) + rows["experiment"].map(offsets))
    reference = in_sentence(arm_title(rows["reference"].iloc[0]))
    tested = bool(rows["low"].notna().any())
    handles = _legend(colours, level, tested)
    shown = f"{100 * (1 - level):g}% intervals" if tested else "No intervals"
    height = len(arms) * (_GAP + _PITCH * len(experiments))
    height += 0.2 * -(-len(handles) // len(classifiers))
    with style():
        figure = Figure(figsize=(2.0 + 2.7 * len(classifiers), 1.2 + height))
        panels = figure.subplots(1, len(classifiers), squeeze=False, sharex=True, sharey=True)[0]
        for panel, classifier in zip(panels, classifiers, strict=True):
            _draw_intervals(panel, placed[placed["classifier"] == classifier], colours, level)
            panel.set_title(classifier_title(classifier), loc="left")
            panel.set_xlabel(f"{metric_title(rows['metric'].iloc[0])} minus that of\n{reference}")
        panels[0].set_yticks(range(len(arms)), [arm_title(arm) for arm in arms])
        panels[0].set_ylim(len(arms) - 0.5, -0.5)
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=len(classifiers),
            title=f"{shown}: {replicates_text(rows)}",
        )
    return figure


def _draw_intervals(panel: Axes, rows: pd.DataFrame, colours: dict[str, Any], level: float) -> None:
    bar = rows[rows["detectable"].notna()]
    panel.barh(
        bar["y"], 2 * bar["detectable"], left=-bar["detectable"], height=_bar_height(len(colours)),
        color=_UNDETECTABLE, zorder=0.5,
    )  # fmt: skip
    panel.axvline(0.0, color="0.3", linewidth=0.8, zorder=1)
    for boundary in range(1, int(np.ceil(rows["y"].max() + 0.5))):
        panel.axhline(boundary - 0.5, color="0.85", linewidth=0.5, zorder=0.4)
    for experiment, colour in colours.items():
        here = rows[rows["experiment"] == experiment]
        panel.hlines(here["y"], here["low"], here["high"], color=colour, linewidth=1.2)
        found = here["adjusted_p_value"] < level
        for some, face in ((here[found], colour), (here[~found], "white")):
            panel.plot(
                some["difference"], some["y"], linestyle="none", marker="o", markersize=4,
                markeredgecolor=colour, markerfacecolor=face,
            )  # fmt: skip
    panel.tick_params(axis="y", length=0)
    panel.locator_params(axis="x", nbins=5)


def _bar_height(n_experiments: int) -> float:
    return 0.8 * _PITCH / (_GAP + _PITCH * n_experiments)


def _legend(colours: dict[str, Any], level: float, tested: bool) -> list[Line2D | Patch]:
    def dot(label: str, colour: Any, face: Any = None) -> Line2D:
        return Line2D(
            [], [], linestyle="none", marker="o", markersize=5, color=colour,
            markerfacecolor=face or colour, label=label,
        )  # fmt: skip

    named = [dot(experiment_title(name), colour) for name, colour in colours.items()]
    named = named if len(named) > 1 else []
    if not tested:
        return [*named]
    return [
        *named,
        dot(f"adjusted p < {level:g}", "0.3"),
        dot("cannot be told apart", "0.3", "white"),
        Patch(color=_UNDETECTABLE, label="below the detectable difference"),
    ]
