"""Training curves with the chosen rate and epoch."""

from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenomics.plots.style import experiment_title, style

CURVE_TITLES = {
    "wasserstein": "Wasserstein estimate",
    "critic_loss": "Critic loss",
}
_PHASES = ("lr_1", "lr_2")
_RATE_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
_CHOSEN = "#0072B2"


def training_curves(
    history: pd.DataFrame,
    chosen: pd.DataFrame,
    experiment: str,
    curve: str = "wasserstein",
    cuts: tuple[float, float] | None = None,
) -> Figure:
    """Curve of every rate that was tried, the chosen rate and epoch marked.

    Parameters
    ----------
    history : DataFrame
        Columns experiment, gan, phase, rate, epoch, and ``curve``.
    chosen : DataFrame
        Columns experiment, gan, class, alpha, variant, lr_1, lr_1_rule, epoch_1, lr_2, lr_2_rule,
        epoch_2, epoch_2_rule.
    experiment : str
        Which experiment.
    curve : {"wasserstein", "critic_loss"}
        The y axis.
    cuts : tuple of float, optional
        Values beyond which the choice rules cut the curve, drawn as thin lines where in view.

    Returns
    -------
    Figure
        One row per GAN; first (lr_1) and second (lr_2) re-training side by side.
    """
    here = history[history["experiment"] == experiment].dropna(subset=[curve])
    picks = chosen[chosen["experiment"] == experiment].set_index("gan")
    gans = list(picks.index)
    with style():
        figure = Figure(figsize=(11, 0.9 + 2.3 * len(gans)))
        panels = figure.subplots(len(gans), 2, squeeze=False, sharey="row")
        for row, gan in zip(panels, gans, strict=True):
            for panel, phase in zip(row, _PHASES, strict=True):
                lines = here[(here["gan"] == gan) & (here["phase"] == phase)]
                _draw_phase(panel, lines, picks.loc[gan], phase, curve)
                panel.set_title(_title(picks.loc[gan], phase), loc="left", fontsize=8.5)
                for cut in cuts or ():
                    low, high = panel.get_ylim()
                    if low < cut < high:
                        panel.axhline(cut, color="0.6", linewidth=0.7, linestyle=":")
        for panel in panels[-1]:
            panel.set_xlabel("Epoch")
        for panel in panels[:, 0]:
            panel.set_ylabel(CURVE_TITLES.get(curve, curve))
        figure.suptitle(f"{experiment_title(experiment)}: re-training of each GAN")
        figure.legend(
            handles=[
                Line2D([], [], color=_CHOSEN, linewidth=1.8),
                Line2D([], [], color="black", marker="v", linestyle="--", linewidth=0.8),
            ],
            labels=["chosen learning rate", "chosen epoch"],
            loc="outside lower center",
            ncols=2,
        )
    return figure


def _title(pick: pd.Series, phase: str) -> str:
    rule = str(pick[f"{phase}_rule"])
    epoch_rule = str(pick["epoch_2_rule"]) if phase == "lr_2" else ""
    what = f"{pick['class']}, alpha {pick['alpha']:g}, {pick['variant']}"
    order = "first" if phase == "lr_1" else "second"
    rules = f"rate: {rule}" + (f"; epoch: {epoch_rule}" if epoch_rule else "")
    return "\n".join([f"{what}: {order} re-training", *wrap(rules, 70)])


def _draw_phase(panel: Axes, lines: pd.DataFrame, pick: pd.Series, phase: str, curve: str) -> None:
    rate, epoch = float(pick[phase]), float(pick[f"epoch_{phase[-1]}"])
    colours = iter(_RATE_COLOURS * len(lines))
    for value, line in lines.sort_values("epoch").groupby("rate"):
        is_chosen = np.isclose(float(str(value)), rate)
        panel.plot(
            line["epoch"], line[curve], color=_CHOSEN if is_chosen else next(colours),
            linewidth=1.8 if is_chosen else 0.9, zorder=3 if is_chosen else 2,
            label=f"{value:g}{', chosen' * bool(is_chosen)}",
        )  # fmt: skip
        if is_chosen:
            height = np.interp(epoch, line["epoch"], line[curve])
            panel.plot([epoch], [height], color="black", marker="v", markersize=7, zorder=4)
    panel.axvline(epoch, color="black", linestyle="--", linewidth=0.8)
    panel.annotate(
        f"epoch {epoch:g}", (epoch, 0), (3, 3), xycoords=("data", "axes fraction"),
        textcoords="offset points", fontsize=7.5, zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
    )  # fmt: skip
    panel.grid(color="0.92", linewidth=0.6)
    panel.legend(title="learning rate", fontsize=7, title_fontsize=7, loc="center left",
                 bbox_to_anchor=(1.0, 0.5))  # fmt: skip
