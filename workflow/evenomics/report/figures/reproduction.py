"""Figures of the paper's published scores and ours."""

import re
from collections.abc import Mapping
from itertools import zip_longest

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenomics.config.names import NO_SETTING
from evenomics.evaluation.claim_scores import at_main_multiplier, best, from_published
from evenomics.evaluation.claims import Run
from evenomics.evaluation.reproduction import ARMS, agreement, main_scores, of_metric
from evenomics.report.figures.scores import draw_boxes
from evenomics.report.reproduction import STUDIES
from evenomics.report.style import (
    CLASS_COLOURS,
    arm_colours,
    arm_order,
    arm_title,
    experiment_order,
    style,
)

#: The paper's figures of scores: number and title, by the study.
PAPER_FIGURES = {
    "simulation": (3, "simulation"),
    "microarray": (4, "microarrays"),
    "lipidomics": (6, "lipidomics"),
    "microarray_lasso": (7, "microarrays, selected genes"),
    "lipidomics_lasso": (8, "lipidomics, selected lipids"),
}
_PUBLISHED, _OURS = "Published", "Ours, published protocol"
_TWINS = ["gan", "expand_gan", "classic_gan", "classic_expand_gan"]
_MARKERS = {"random_over": "s", "smote": "^", "gan": "o", "expand_gan": "D"}
#: Our scores in `agreement_scatter`, and what they are.
_SHOWN = {
    "hard_auroc.given": "AUROC of predicted classes,\npublished hyper-parameters",
    "hard_auroc.tuned": "AUROC of predicted classes,\nour own tuning",
    "auroc.given": "Real AUROC of the same classifiers,\npublished hyper-parameters",
}
_CHANCE = 0.5


def reproduction_figures(
    table: pd.DataFrame, published: pd.DataFrame, runs: Mapping[tuple[str, str], Run]
) -> dict[str, tuple[str, Figure]]:
    """Return all figures of published scores and ours, by name, each with its heading.

    Parameters
    ----------
    table : DataFrame
        From `evenomics.evaluation.reproduction.reproduction_table`.
    published : DataFrame
        The published scores.
    runs : mapping of (str, str) to Run
        By published study and role. Of those under the published protocol, the one at the published
        hyper-parameters is drawn, if there is one.

    Returns
    -------
    dict of str to (str, Figure)
        ``agreement`` first, then the figures in the order of the paper.
    """
    figures = {"agreement": ("Our scores and the published ones", agreement_scatter(table))}
    for study, (number, name) in PAPER_FIGURES.items():
        run = runs.get((study, "given"), runs.get((study, "tuned")))
        if run is None:
            continue
        ours = of_metric(run.settings, "hard_auroc")
        theirs = from_published(published[published["study"] == study])
        tables = {_PUBLISHED: theirs, _OURS: ours[ours["arm"].isin(ARMS)]}
        figures[f"figure_{number}"] = (f"Figure {number}: {name}", paper_boxes(tables))
        twins = ours[ours["arm"].isin(_TWINS) & (ours["classifier"] == "hist_gradient_boosting")]
        if study == "microarray" and "classic_gan" in set(twins["arm"]):
            heading = f"Figure 5: {name}, GANs and classic GANs (published as a picture only)"
            figures["figure_5"] = (heading, paper_boxes({_OURS: _at_best_alpha(twins)}))
    return dict(sorted(figures.items()))


def _at_best_alpha(rows: pd.DataFrame) -> pd.DataFrame:
    """Return every arm at its best alpha, as the paper compares it with its classic twin."""
    return best(at_main_multiplier(rows)).assign(alpha=NO_SETTING)


def agreement_scatter(table: pd.DataFrame) -> Figure:
    """Our scores over the published ones, by study (colour) and arm (marker).

    Parameters
    ----------
    table : DataFrame
        From `evenomics.evaluation.reproduction.reproduction_table`; its rows at alpha 0 and
        multiplier 1 are drawn.

    Returns
    -------
    Figure
        A panel for each of our runs under the published protocol, and one of the real AUROC.
    """
    rows = main_scores(table)
    shown = {name: words for name, words in _SHOWN.items() if rows[name].notna().any()}
    if "auroc.given" not in shown and rows["auroc.tuned"].notna().any():
        shown["auroc.tuned"] = _SHOWN["auroc.given"].replace(
            "published hyper-parameters", "our own tuning"
        )
    colours = dict(zip(STUDIES, CLASS_COLOURS, strict=False))
    studies = [study for study in STUDIES if study in set(rows["study"])]
    values = rows[["mean.published", *shown]].to_numpy()
    low = float(np.nanmin(values))
    with style():
        figure = Figure(figsize=(max(5.5, 3.3 * len(shown)), 4.6))
        panels = figure.subplots(1, max(1, len(shown)), squeeze=False, sharex=True, sharey=True)[0]
        for panel, (name, words) in zip(panels, shown.items(), strict=False):
            panel.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", zorder=1)
            for (study, arm), points in rows.groupby(["study", "arm"], sort=False):
                panel.scatter(
                    points["mean.published"], points[name],
                    s=22, marker=_MARKERS[str(arm)], color=colours[str(study)],
                    alpha=0.75, linewidths=0.4, edgecolors="white", zorder=2,
                )  # fmt: skip
            _name_panel(panel, words, rows, name)
            ticks = np.arange(np.floor(10 * low), 11) / 10
            panel.set(xlim=(low - 0.03, 1.02), ylim=(low - 0.03, 1.02), xticks=ticks, yticks=ticks)
        panels[0].set_ylabel("Our mean")
        marks, names = _legend(studies, colours)
        figure.legend(marks, names, loc="outside lower center", ncols=len(marks) // 2)
    return figure


def _legend(studies: list[str], colours: dict[str, str]) -> tuple[list[Artist], list[str]]:
    """Return marks and words of a legend with the studies in its first line, the arms below."""
    lines: list[list[tuple[Artist, str]]] = [
        [(Patch(facecolor=colours[study]), STUDIES[study]) for study in studies],
        [
            (Line2D([], [], marker=mark, linestyle="", color="0.35", markersize=5.5), title)
            for mark, title in ((mark, arm_title(arm)) for arm, mark in _MARKERS.items())
        ],
    ]
    empty = (Line2D([], [], linestyle=""), "")
    # a legend fills its columns one by one
    pairs = [pair for column in zip_longest(*lines, fillvalue=empty) for pair in column]
    return [mark for mark, _ in pairs], [words for _, words in pairs]


def _name_panel(panel: Axes, words: str, rows: pd.DataFrame, name: str) -> None:
    found = agreement(rows, name)
    panel.set_title(words, fontsize=9, loc="left")
    panel.set_xlabel("Published mean")
    panel.set_aspect("equal")
    panel.grid(color="0.93", linewidth=0.6)
    panel.text(
        0.97, 0.03,
        f"{found.scores} scores\nmean |difference| {found.mean_absolute_difference:.3f}\n"
        f"correlation {found.correlation:.3f}",
        transform=panel.transAxes, ha="right", va="bottom", fontsize=8, color="0.25",
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def paper_boxes(scores: Mapping[str, pd.DataFrame]) -> Figure:
    """Figures 3 to 8 of the paper: a box per arm, alpha and experiment, one column per table.

    The line of a box is the mean less 0.5, its ends are one standard deviation over repeats away.
    As in the released scripts, each alpha has its better classifier.

    Parameters
    ----------
    scores : mapping of str to DataFrame
        Tables by the title of their column: columns experiment, classifier, arm, alpha, multiplier,
        mean and sd.

    Returns
    -------
    Figure
        One row per imbalance.
    """
    boxes = {title: _best_of_alphas(table) for title, table in scores.items()}
    joined = pd.concat(boxes.values())
    arms, colours = arm_order(joined["arm"]), arm_colours(joined["arm"])
    rows = _rows_of_experiments(joined["experiment"])
    n_boxes = max(
        len(table[table["experiment"].isin(row)]) + len(row)
        for table in boxes.values()
        for row in rows
    )
    width = 0.7 + max(3.0, 0.19 * n_boxes)
    with style():
        figure = Figure(figsize=(width * len(boxes), 0.7 + 2.5 * len(rows)))
        panels = figure.subplots(len(rows), len(boxes), squeeze=False, sharey=True)
        for place, experiments in enumerate(rows):
            for panel, (title, table) in zip(panels[place], boxes.items(), strict=True):
                here = table[table["experiment"].isin(experiments)]
                if place == 0:
                    panel.set_title(title, loc="left")
                if here.empty:
                    panel.set_axis_off()
                    continue
                draw_boxes(panel, here, experiments, arms, colours, _CHANCE)
                panel.tick_params(labelleft=True)
            panels[place][0].set_ylabel(f"AUROC − {_CHANCE:g}")
        figure.legend(
            handles=[Patch(facecolor=colours[arm], edgecolor="0.2") for arm in arms],
            labels=[arm_title(arm) for arm in arms],
            loc="outside lower center",
            ncols=len(arms) if width * len(boxes) > 1.6 * len(arms) else 2,
        )
    return figure


def _best_of_alphas(table: pd.DataFrame) -> pd.DataFrame:
    """Return the better classifier of every arm and alpha."""
    rows = at_main_multiplier(table)
    kept = [best(of_alpha) for _, of_alpha in rows.groupby("alpha", sort=False)]
    return pd.concat(kept).assign(bandwidth=NO_SETTING)


def _rows_of_experiments(experiments: pd.Series) -> list[list[str]]:
    """Return the experiments by imbalance, as the paper's panels have them."""
    rows: dict[str, list[str]] = {}
    for name in experiment_order(experiments):
        rows.setdefault("".join(re.findall(r"_i(.*)", name)), []).append(name)
    return [rows[imbalance] for imbalance in sorted(rows)]
