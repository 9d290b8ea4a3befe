"""Figures of validation scores: the paper's boxes, and scores by multiplier."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from evenomics.config.names import NO_SETTING
from evenomics.evaluation.paper_comparison import main_multiplier
from evenomics.report.style import (
    arm_colours,
    arm_order,
    arm_title,
    chunks,
    classifier_title,
    experiment_order,
    experiment_title,
    grid,
    metric_title,
    of_metric,
    setting_title,
    style,
)

CHANCE = {"auroc": 0.5}

_BOXES_PER_ROW = 45

_FAR_ABOVE_CHANCE = 0.2

_LINES = ("-", "--", "-.", ":")


def score_boxes(
    summary: pd.DataFrame, metric: str = "auroc", arms: Sequence[str] | None = None
) -> Figure:
    """Box per arm, setting and experiment: mean (line) and one standard deviation (box).

    Parameters
    ----------
    summary : DataFrame
        Columns experiment, arm, alpha, multiplier, bandwidth, classifier, metric, threshold, mean,
        sd; a table without settings has one box per arm.
    metric : str
        The y axis; for AUROC, AUROC - 0.5 with chance as a dashed line. Where all boxes are far
        above chance, the axis begins below the lowest box, and says so.
    arms : sequence of str, optional
        Arms to show; by default all in the table.

    Returns
    -------
    Figure
        One panel per classifier, continued on further rows where experiments are many.

    Notes
    -----
    Figures 3 to 8 of Cusworth, Gkoutos, Acharjee 2024.
    """
    rows = of_metric(summary, metric)
    rows = rows if arms is None else rows[rows["arm"].isin(arms)]
    if "multiplier" in rows:
        rows = main_multiplier(rows)
    else:
        rows = rows.assign(alpha=NO_SETTING, bandwidth=NO_SETTING)
    ordered, colours = arm_order(rows["arm"]), arm_colours(rows["arm"])
    experiments = experiment_order(rows["experiment"])
    classifiers = sorted(rows["classifier"].unique())
    n_boxes = rows.groupby(["experiment", "classifier"]).size().max()
    parts = chunks(experiments, _BOXES_PER_ROW // n_boxes)
    width = max(5.5, 1.6 + 0.2 * (n_boxes + 2) * len(parts[0]))
    n_rows = len(classifiers) * len(parts)
    legend_rows, legend_columns = grid(len(ordered), round(width / 1.9))
    with style():
        figure = Figure(figsize=(width, 0.6 + 2.7 * n_rows + 0.22 * legend_rows))
        panels = figure.subplots(n_rows, 1, squeeze=False, sharey=True)[:, 0]
        places = [(classifier, part) for classifier in classifiers for part in parts]
        for panel, (classifier, part) in zip(panels, places, strict=True):
            drawn = rows[(rows["classifier"] == classifier) & rows["experiment"].isin(part)]
            draw_boxes(panel, drawn, part, ordered, colours, CHANCE.get(metric))
            panel.set_title(classifier_title(classifier), loc="left")
            chance = f" − {CHANCE[metric]:g}" if metric in CHANCE else ""
            panel.set_ylabel(f"{metric_title(metric)}{chance}")
        lowest = (rows["mean"] - rows["sd"].fillna(0.0)).min() - CHANCE.get(metric, 0.0)
        if metric in CHANCE and lowest > _FAR_ABOVE_CHANCE:
            # the panels share their axis
            highest = panels[0].get_ylim()[1]
            panels[0].set_ylim(bottom=lowest - 0.08 * (highest - lowest))
            for panel in panels:
                panel.set_ylabel(f"{panel.get_ylabel()}\n(axis does not begin at 0)")
        figure.legend(
            handles=[Patch(facecolor=colours[arm], edgecolor="0.2") for arm in ordered],
            labels=[arm_title(arm) for arm in ordered],
            loc="outside lower center",
            ncols=legend_columns,
        )
    return figure


def draw_boxes(
    panel: Axes,
    rows: pd.DataFrame,
    experiments: list[str],
    arms: list[str],
    colours: dict[str, str],
    chance: float | None,
) -> None:
    """Draw a box per row into a panel, by experiment and arm.

    Parameters
    ----------
    panel : Axes
    rows : DataFrame
        Columns experiment, arm, alpha, bandwidth, mean, sd.
    experiments, arms : list of str
        In the order in which they are drawn.
    colours : dict of str to str
        By arm.
    chance : float or None
        What is taken from the means, and drawn as a line at 0.
    """
    rows = rows.assign(
        experiment=pd.Categorical(rows["experiment"], experiments, ordered=True),
        arm=pd.Categorical(rows["arm"], arms, ordered=True),
    ).sort_values(["experiment", "arm", "alpha", "bandwidth"], ignore_index=True)
    # one place per box, and a free one between experiments
    rows["x"] = rows.index + rows["experiment"].cat.codes
    for arm, of_arm in rows.groupby("arm", observed=True):
        colour = colours[str(arm)]
        panel.bxp(
            [_box(row["mean"] - (chance or 0.0), row["sd"]) for _, row in of_arm.iterrows()],
            positions=of_arm["x"].to_numpy(),
            widths=0.8,
            patch_artist=True,
            showcaps=False,
            showfliers=False,
            manage_ticks=False,
            boxprops={"facecolor": colour, "edgecolor": "0.2", "linewidth": 0.6, "alpha": 0.75},
            # a box without height still shows its colour around the line
            medianprops={
                "color": "black",
                "linewidth": 1.0,
                "path_effects": [withStroke(linewidth=3.2, foreground=colour)],
            },
        )
    if chance is not None:
        panel.axhline(0.0, color="#D55E00", linestyle="--", linewidth=1.0)
    panel.set_xlim(-1.0, rows["x"].iloc[-1] + 1.0)
    panel.grid(axis="y", color="0.9", linewidth=0.6)
    _name_boxes(panel, rows)


def _box(mean: float, sd: float) -> dict[str, float]:
    """Statistics of a box that shows mean and one standard deviation, without whiskers."""
    sd = 0.0 if np.isnan(sd) else sd
    low, high = mean - sd, mean + sd
    return {"med": mean, "q1": low, "q3": high, "whislo": low, "whishi": high}


def _name_boxes(panel: Axes, rows: pd.DataFrame) -> None:
    """Write settings and experiments below the boxes, and draw a line between experiments."""
    n_settings = rows.groupby(["experiment", "arm"], observed=True)["alpha"].transform("size")
    several = rows[n_settings > 1]
    settings = [
        setting_title(row["arm"], row["alpha"], bandwidth=row["bandwidth"])
        for _, row in several.iterrows()
    ]
    panel.set_xticks(several["x"], settings, fontsize=6.5, rotation=90)
    panel.tick_params(axis="x", length=2)
    if settings:
        panel.annotate(
            "setting", (0, 0), (-4, -4), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="top", fontsize=6.5,
        )  # fmt: skip
    spans = rows.groupby("experiment", observed=True)["x"].agg(["min", "max"])
    for first in spans["min"].iloc[1:]:
        panel.axvline(first - 1.0, color="0.85", linewidth=0.8)
    names = panel.secondary_xaxis("bottom")
    names.set_xticks(spans.mean(axis=1), [experiment_title(str(e), "\n") for e in spans.index])
    names.tick_params(axis="x", length=0, pad=25 if settings else 4)
    names.spines["bottom"].set_visible(False)


def multiplier_lines(summary: pd.DataFrame, metric: str = "auroc") -> Figure:
    """Mean and one standard deviation over the multiplier, for arms that have several.

    One panel per experiment and classifier, one line per arm and other settings.

    Raises
    ------
    ValueError
        When no arm has more than one multiplier.
    """
    rows = of_metric(summary, metric)
    rows = rows.assign(number=pd.to_numeric(rows["multiplier"], errors="coerce"))
    rows = rows[rows.groupby("arm")["number"].transform("nunique") > 1]
    if rows.empty:
        raise ValueError("no arm was scored with more than one multiplier")
    colours = arm_colours(summary["arm"])
    experiments = experiment_order(rows["experiment"])
    classifiers = sorted(rows["classifier"].unique())
    places = [(e, c) for e in experiments for c in classifiers]
    n_rows, n_columns = grid(len(places), 2 if len(classifiers) == 2 else 3)
    settings = sorted({*zip(rows["alpha"], rows["bandwidth"], strict=True)})
    with style():
        figure = Figure(figsize=(1.2 + 3.2 * n_columns, 0.9 + 2.4 * n_rows))
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for panel, (experiment, classifier) in zip(panels.flat, places, strict=False):
            here = rows[(rows["experiment"] == experiment) & (rows["classifier"] == classifier)]
            groups = here.sort_values("number").groupby(["arm", "alpha", "bandwidth"])
            for i, ((arm, *setting), line) in enumerate(groups):
                alpha, bandwidth = setting
                panel.errorbar(
                    line["number"] + 0.012 * (i - (groups.ngroups - 1) / 2),
                    line["mean"],
                    line["sd"],
                    color=colours[arm],
                    linestyle=_LINES[settings.index((alpha, bandwidth)) % len(_LINES)],
                    marker="o",
                    markersize=3,
                    capsize=2,
                    label=f"{arm_title(arm)}, {setting_title(arm, alpha, bandwidth=bandwidth)}",
                )
            panel.set_title(f"{experiment_title(experiment)}\n{classifier_title(classifier)}")
            panel.set_xticks(sorted(here["number"].unique()))
            panel.tick_params(labelbottom=True)
            panel.grid(axis="y", color="0.9", linewidth=0.6)
        for panel in panels.flat[len(places) :]:
            panel.set_visible(False)
        for panel in panels[-1]:
            panel.set_xlabel("Multiplier")
        for panel in panels[:, 0]:
            panel.set_ylabel(metric_title(metric))
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=n_columns)
    return figure
