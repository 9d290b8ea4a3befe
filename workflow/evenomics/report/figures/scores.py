"""Figures of validation scores: boxes, multipliers, ROC curves, differences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from evenomics.evaluation.comparison import best_settings, main_multiplier
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
    signed,
    style,
)

CHANCE = {"auroc": 0.5}

REFERENCES = ("none", "smote")


_BOXES_PER_ROW = 45

_FAR_ABOVE_CHANCE = 0.2

_LINES = ("-", "--", "-.", ":")


def score_boxes(
    summary: pd.DataFrame,
    metric: str = "auroc",
    arms: Sequence[str] | None = None,
    best_alpha: bool = False,
) -> Figure:
    """Box per arm, alpha setting and experiment: mean (line) and one standard deviation (box).

    Parameters
    ----------
    summary : DataFrame
        Columns experiment, arm, alpha, multiplier, classifier, metric, mean, sd.
    metric : str
        The y axis; for AUROC, AUROC - 0.5 with chance as a dashed line. Where all boxes are far
        above chance, the axis begins below the lowest box, and says so.
    arms : sequence of str, optional
        Arms to show; by default all in the table.
    best_alpha : bool
        Show of each arm only the alpha with the largest mean.

    Returns
    -------
    Figure
        One panel per classifier, continued on further rows where experiments are many.

    Notes
    -----
    Figures 3 to 8 of Cusworth, Gkoutos, Acharjee 2024.
    """
    rows = main_multiplier(of_metric(summary, metric))
    rows = rows if arms is None else rows[rows["arm"].isin(arms)]
    rows = best_settings(rows, metric) if best_alpha else rows
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
            _draw_boxes(panel, drawn, part, ordered, colours, CHANCE.get(metric))
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


def _draw_boxes(
    panel: Axes,
    rows: pd.DataFrame,
    experiments: list[str],
    arms: list[str],
    colours: dict[str, str],
    chance: float | None,
) -> None:
    rows = rows.assign(
        experiment=pd.Categorical(rows["experiment"], experiments, ordered=True),
        arm=pd.Categorical(rows["arm"], arms, ordered=True),
    ).sort_values(["experiment", "arm", "alpha"], ignore_index=True)
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
    """Write alphas and experiments below the boxes, and draw a line between experiments."""
    n_alphas = rows.groupby(["experiment", "arm"], observed=True)["alpha"].transform("size")
    several = rows[n_alphas > 1]
    alphas = [setting_title(*pair) for pair in zip(several["arm"], several["alpha"], strict=True)]
    panel.set_xticks(several["x"], alphas, fontsize=6.5, rotation=90)
    panel.tick_params(axis="x", length=2)
    if alphas:
        panel.annotate(
            "alpha", (0, 0), (-4, -4), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="top", fontsize=6.5,
        )  # fmt: skip
    spans = rows.groupby("experiment", observed=True)["x"].agg(["min", "max"])
    for first in spans["min"].iloc[1:]:
        panel.axvline(first - 1.0, color="0.85", linewidth=0.8)
    names = panel.secondary_xaxis("bottom")
    names.set_xticks(spans.mean(axis=1), [experiment_title(str(e), "\n") for e in spans.index])
    names.tick_params(axis="x", length=0, pad=25 if alphas else 4)
    names.spines["bottom"].set_visible(False)


def multiplier_lines(summary: pd.DataFrame, metric: str = "auroc") -> Figure:
    """Mean and one standard deviation over the multiplier, for arms that have several.

    One panel per experiment and classifier, one line per arm and alpha setting.

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
    alphas = sorted(rows["alpha"].unique())
    with style():
        figure = Figure(figsize=(1.2 + 3.2 * n_columns, 0.9 + 2.4 * n_rows))
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for panel, (experiment, classifier) in zip(panels.flat, places, strict=False):
            here = rows[(rows["experiment"] == experiment) & (rows["classifier"] == classifier)]
            groups = here.sort_values("number").groupby(["arm", "alpha"])
            for i, ((arm, alpha), line) in enumerate(groups):
                panel.errorbar(
                    line["number"] + 0.012 * (i - (groups.ngroups - 1) / 2),
                    line["mean"],
                    line["sd"],
                    color=colours[arm],
                    linestyle=_LINES[alphas.index(alpha) % len(_LINES)],
                    marker="o",
                    markersize=3,
                    capsize=2,
                    label=f"{arm_title(arm)}, alpha {setting_title(arm, alpha)}",
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


def roc_curves(roc: pd.DataFrame, summary: pd.DataFrame, experiment: str) -> Figure:
    """Mean ROC curve per arm, at the arm's best alpha, with one standard deviation as a band.

    Parameters
    ----------
    roc : DataFrame
        Columns experiment, arm, alpha, multiplier, classifier, fpr, tpr_mean, tpr_sd.
    summary : DataFrame
        Chooses each arm's alpha and multiplier: those with the largest mean AUROC.
    experiment : str
        Which experiment.

    Returns
    -------
    Figure
        One panel per classifier.
    """
    best = best_settings(summary[summary["experiment"] == experiment])
    settings = ["experiment", "arm", "alpha", "multiplier", "classifier"]
    rows = roc.merge(best[[*settings, "mean"]], on=settings)
    ordered, colours = arm_order(rows["arm"]), arm_colours(summary["arm"])
    classifiers = sorted(rows["classifier"].unique())
    with style():
        figure = Figure(figsize=(1.0 + 4.4 * len(classifiers), 4.6 + 0.17 * len(ordered)))
        panels = figure.subplots(1, len(classifiers), squeeze=False)[0]
        for panel, classifier in zip(panels, classifiers, strict=True):
            for i, arm in enumerate(ordered):
                curve = rows[(rows["arm"] == arm) & (rows["classifier"] == classifier)]
                if curve.empty:
                    continue
                setting = setting_title(arm, curve["alpha"].iloc[0])
                label = arm_title(arm) + (f" (alpha {setting})" if setting else "")
                spread = curve["tpr_sd"].fillna(0.0)
                low, high = curve["tpr_mean"] - spread, curve["tpr_mean"] + spread
                panel.fill_between(
                    curve["fpr"], low.clip(0), high.clip(upper=1), color=colours[arm],
                    alpha=0.10, linewidth=0,
                )  # fmt: skip
                panel.plot(
                    curve["fpr"], curve["tpr_mean"], color=colours[arm], linewidth=1.6,
                    linestyle=_LINES[i % len(_LINES)],
                    label=f"{curve['mean'].iloc[0]:.3f}  {label}",
                )  # fmt: skip
            panel.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
            panel.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
            panel.set(xlabel="1 − specificity", ylabel="Sensitivity")
            panel.set_title(classifier_title(classifier), loc="left")
            panel.legend(
                title="Mean AUROC and arm", loc="upper center", bbox_to_anchor=(0.5, -0.14),
                fontsize=8, alignment="left",
            )  # fmt: skip
        figure.suptitle(experiment_title(experiment))
    return figure


def difference_map(
    comparison: pd.DataFrame, level: float = 0.05, references: Sequence[str] = REFERENCES
) -> Figure:
    """Heat map of the difference in mean score between every arm and a reference arm.

    Parameters
    ----------
    comparison : DataFrame
        Columns experiment, classifier, metric, arm_a, arm_b, difference, adjusted_p_value; the
        difference is a - b.
    level : float
        Differences whose adjusted p-value is below are marked with a star.
    references : sequence of str
        Arms to compare with; where none of them was run, the first arm is the reference.

    Returns
    -------
    Figure
        One panel per classifier and reference; arms down, experiments across.
    """
    pairs = against_reference(comparison)
    ordered = arm_order(pairs["arm"])
    shown = [arm for arm in references if arm in ordered] or ordered[:1]
    experiments = experiment_order(pairs["experiment"])
    classifiers = sorted(pairs["classifier"].unique())
    limit = max(0.05, pairs.loc[pairs["reference"].isin(shown), "difference"].abs().max())
    metric = metric_title(str(pairs["metric"].iloc[0]))
    places = [(classifier, reference) for classifier in classifiers for reference in shown]
    n_rows, n_columns = grid(len(places), len(shown) if len(experiments) <= 4 else 1)
    with style():
        figure = Figure(
            figsize=(
                1.3 + n_columns * (1.7 + 0.92 * max(2, len(experiments))),
                0.4 + n_rows * (1.0 + 0.32 * len(ordered)),
            )
        )
        panels = figure.subplots(n_rows, n_columns, squeeze=False)
        for panel, (classifier, reference) in zip(panels.flat, places, strict=True):
            others = [arm for arm in ordered if arm != reference]
            here = pairs[(pairs["classifier"] == classifier) & (pairs["reference"] == reference)]
            image = _draw_differences(panel, here, others, experiments, limit, level)
            panel.set_title(
                f"{classifier_title(classifier)}\nminus {arm_title(reference)}", loc="left"
            )
        figure.colorbar(
            image, ax=panels, aspect=40, label=f"Difference in mean {metric} (arm − reference)"
        )
    return figure


def against_reference(comparison: pd.DataFrame) -> pd.DataFrame:
    """Every pair seen from both sides: columns arm, reference, difference (arm - reference)."""
    forward = comparison.rename(columns={"arm_a": "arm", "arm_b": "reference"})
    back = comparison.rename(columns={"arm_b": "arm", "arm_a": "reference"})
    back = back.assign(difference=-back["difference"])
    kept = [
        "experiment", "classifier", "metric", "arm", "reference", "difference", "adjusted_p_value"
    ]  # fmt: skip
    return pd.concat([forward[kept], back[kept]], ignore_index=True)


def _draw_differences(
    panel: Axes,
    rows: pd.DataFrame,
    arms: list[str],
    experiments: list[str],
    limit: float,
    level: float,
) -> AxesImage:
    table = rows.set_index(["arm", "experiment"])
    wanted = pd.MultiIndex.from_product([arms, experiments])
    values = table["difference"].reindex(wanted).to_numpy().reshape(len(arms), -1)
    p_values = table["adjusted_p_value"].reindex(wanted).to_numpy().reshape(len(arms), -1)
    image = panel.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            star = " *" if p_values[i, j] < level else ""
            panel.text(
                j, i, signed(value) + star, ha="center", va="center", fontsize=7.5,
                color="white" if abs(value) > 0.7 * limit else "black",
                fontweight="bold" if star else "normal",
            )  # fmt: skip
    panel.set_xticks(range(len(experiments)), [experiment_title(e, "\n") for e in experiments])
    panel.tick_params(axis="x", labelsize=7 if len(experiments) > 3 else 8)
    panel.set_yticks(range(len(arms)), [arm_title(arm) for arm in arms])
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return image
