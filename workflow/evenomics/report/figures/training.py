"""Training curves with the chosen rate and epoch."""

from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenomics.report.style import experiment_title, style

CURVE_TITLES = {
    "wasserstein": "Wasserstein estimate",
    "critic_loss": "Critic loss",
    "generator_loss": "Generator loss",
    "energy_distance": "Energy distance",
}

_PHASES = {"lr_1": "first re-training", "lr_2": "second re-training"}

_RATE_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")

_CHOSEN = "#0072B2"

_HELD_OUT = "wasserstein_held_out"


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
        Columns experiment, gan, phase, rate, fold, epoch, and ``curve``; folds are averaged. For
        the Wasserstein estimate, column wasserstein_held_out adds the chosen rate's estimate on
        held-out samples.
    chosen : DataFrame
        Columns experiment, gan, class, alpha, variant, lr_1, lr_1_rule, epoch_1, lr_2, lr_2_rule,
        epoch_2, epoch_2_rule.
    experiment : str
        Which experiment.
    curve : {"wasserstein", "critic_loss", "generator_loss", "energy_distance"}
        The y axis.
    cuts : tuple of float, optional
        Values beyond which the rules cut the curve, drawn as dotted lines where in view.

    Returns
    -------
    Figure
        One row per GAN; first (lr_1) and second (lr_2) re-training side by side.
    """
    here = history[history["experiment"] == experiment].dropna(subset=[curve])
    here = here.groupby(["gan", "phase", "rate", "epoch"], as_index=False).mean(numeric_only=True)
    picks = chosen[chosen["experiment"] == experiment].set_index("gan")
    with style():
        figure = Figure(figsize=(11, 0.9 + 2.3 * len(picks)))
        panels = figure.subplots(len(picks), 2, squeeze=False, sharey="row")
        for row, (gan, pick) in zip(panels, picks.iterrows(), strict=True):
            row[0].set_ylabel(CURVE_TITLES[curve])
            for panel, phase in zip(row, _PHASES, strict=True):
                lines = here[(here["gan"] == gan) & (here["phase"] == phase)]
                _draw_phase(panel, lines, pick, phase, curve)
                panel.set_title(_title(pick, phase), loc="left", fontsize=8.5)
            for panel in row:
                low, high = panel.get_ylim()
                for cut in cuts or ():
                    if low < cut < high:
                        panel.axhline(cut, color="0.5", linewidth=0.8, linestyle=":")
        for panel in panels[-1]:
            panel.set_xlabel("Epoch")
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
    rules = f"learning rate: {pick[f'{phase}_rule']}"
    if phase == "lr_2":
        rules += f"; epoch: {pick['epoch_2_rule']}"
    what = f"{pick['class']}, alpha {pick['alpha']}, {pick['variant']}: {_PHASES[phase]}"
    return "\n".join([what, *wrap(rules, 70)])


def _draw_phase(panel: Axes, lines: pd.DataFrame, pick: pd.Series, phase: str, curve: str) -> None:
    rate, epoch = float(pick[phase]), float(pick[f"epoch_{phase[-1]}"])
    colours = iter(_RATE_COLOURS * len(lines))
    for value, line in lines.groupby("rate"):
        is_chosen = np.isclose(float(str(value)), rate)
        panel.plot(
            line["epoch"],
            line[curve],
            color=_CHOSEN if is_chosen else next(colours),
            linewidth=1.8 if is_chosen else 0.9,
            zorder=3 if is_chosen else 2,
            label=f"{value:g}{', chosen' * bool(is_chosen)}",
        )
        if not is_chosen:
            continue
        if curve == "wasserstein" and _HELD_OUT in line and line[_HELD_OUT].notna().any():
            panel.plot(
                line["epoch"],
                line[_HELD_OUT],
                color=_CHOSEN,
                linewidth=1.0,
                linestyle="--",
                label="the same,\nheld-out samples",
            )
        height = np.interp(epoch, line["epoch"], line[curve])
        panel.plot([epoch], [height], color="black", marker="v", markersize=7, zorder=4)
    panel.axvline(epoch, color="black", linestyle="--", linewidth=0.8)
    panel.annotate(
        f"epoch {epoch:g}",
        (epoch, 0),
        (3, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=7.5,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
    )
    panel.grid(color="0.92", linewidth=0.6)
    panel.legend(
        title="learning rate",
        fontsize=7,
        title_fontsize=7,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )


def pretraining_curves(history: pd.DataFrame) -> Figure:
    """Curves of the pre-training, one column per stage (one hidden layer more each).

    Parameters
    ----------
    history : DataFrame
        Columns stage, epoch, critic_loss, generator_loss, wasserstein.
    """
    curves = ("wasserstein", "critic_loss", "generator_loss")
    stages = sorted(history["stage"].unique())
    with style():
        figure = Figure(figsize=(1.0 + 3.2 * len(stages), 6.2))
        panels = figure.subplots(len(curves), len(stages), squeeze=False, sharex="col")
        for row, curve in zip(panels, curves, strict=True):
            for panel, stage in zip(row, stages, strict=True):
                line = history[history["stage"] == stage].dropna(subset=[curve])
                panel.plot(line["epoch"], line[curve], color=_CHOSEN, linewidth=0.9)
                panel.axhline(0, color="0.6", linewidth=0.7)
                panel.grid(color="0.92", linewidth=0.6)
            row[0].set_ylabel(CURVE_TITLES[curve])
        for panel, stage in zip(panels[0], stages, strict=True):
            layers = "layer" if stage == 1 else "layers"
            panel.set_title(f"Stage {stage}: {stage} hidden {layers}")
        for panel in panels[-1]:
            panel.set_xlabel("Epoch")
        figure.align_ylabels(panels[:, 0])
        figure.suptitle("Pre-training on the external cohort")
    return figure
