"""Real and generated samples side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn.decomposition import PCA

from evenomics.config.arms import SETTING
from evenomics.report.style import (
    CLASS_COLOURS,
    arm_order,
    arm_title,
    experiment_title,
    grid,
    setting_title,
    style,
)

# The frame is the range of the real samples and this share of it on every side: a few generated
# samples far away would otherwise press everything else into a dot. How many are outside is said.
_MARGIN = 0.3


def sample_pca(
    real: pd.DataFrame,
    real_classes: pd.Series,
    generated: Mapping[str, pd.DataFrame],
    classes: Sequence[str],
    experiment: str,
) -> Figure:
    """First two principal components of the real training draw, with generated samples put in.

    Parameters
    ----------
    real : DataFrame, n_samples x n_features
        The training draw, scaled. The components are fitted on it alone.
    real_classes : Series
        Its classes.
    generated : mapping of str to DataFrame
        Per arm the generated samples, scaled alike; columns class, alpha, multiplier, bandwidth,
        then the features of ``real``. Of several settings the first is shown.
    classes : sequence of str
        Class names, over-represented class first; they fix the colours.
    experiment : str
        Which experiment, for the title.

    Returns
    -------
    Figure
        One panel per arm, all with the same axes; the real samples alone if nothing was generated.
    """
    pca = PCA(n_components=2, svd_solver="full").fit(real.to_numpy())
    arms = arm_order(arm for arm, table in generated.items() if len(table))
    colours = {name: CLASS_COLOURS[i % len(CLASS_COLOURS)] for i, name in enumerate(classes)}
    real_points = pca.transform(real.to_numpy())
    low, high = real_points.min(axis=0), real_points.max(axis=0)
    low, high = low - _MARGIN * (high - low), high + _MARGIN * (high - low)
    n_panels = max(len(arms), 1)
    n_rows, n_columns = grid(n_panels, 3 if n_panels != 4 else 2)
    with style():
        figure = Figure(figsize=(0.8 + 3.3 * n_columns, 1.3 + 3.0 * n_rows))
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for panel, arm in zip(panels.flat, arms, strict=False):
            table = generated[arm]
            setting = table[SETTING].iloc[0]
            shown = table[(table[setting.index] == setting).all(axis=1)]
            points = pca.transform(shown[list(real.columns)].to_numpy())
            _draw(panel, real_points, real_classes, points, shown["class"], colours)
            words = setting_title(arm, setting["alpha"], bandwidth=setting["bandwidth"])
            panel.set_title(arm_title(arm) + (f" ({words})" if words else ""))
            panel.tick_params(labelbottom=True)
            outside = int(((points < low) | (points > high)).any(axis=1).sum())
            if outside:
                panel.text(
                    0.98, 0.02, f"{outside} of {len(points)} generated outside the frame",
                    transform=panel.transAxes, ha="right", fontsize=7.5,
                )  # fmt: skip
        if not arms:
            _draw(panels[0, 0], real_points, real_classes, np.empty((0, 2)), pd.Series(), colours)
            panels[0, 0].set_title("nothing was generated")
        panels.flat[0].set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        for panel in panels.flat[n_panels:]:
            panel.set_visible(False)
        share = 100 * np.asarray(pca.explained_variance_ratio_)
        for panel in panels.flat[:n_panels]:
            panel.set_xlabel(f"PC 1 ({share[0]:.0f}% of real variance)")
        for panel in panels[:, 0]:
            panel.set_ylabel(f"PC 2 ({share[1]:.0f}% of real variance)")
        figure.suptitle(f"{experiment_title(experiment)}: real and generated samples")
        marks = [
            Line2D([], [], linestyle="", marker=marker, color=colours[name])
            for name in classes
            for marker in "ox"
        ]
        figure.legend(
            handles=marks,
            labels=[f"{name}, {kind}" for name in classes for kind in ("real", "generated")],
            loc="outside lower center",
            ncols=min(4, 2 * n_columns),
        )
    return figure


def _draw(
    panel: Axes,
    real: np.ndarray,
    real_classes: pd.Series,
    generated: np.ndarray,
    generated_classes: pd.Series,
    colours: Mapping[str, str],
) -> None:
    for name, colour in colours.items():
        crosses = generated[(generated_classes == name).to_numpy()]
        panel.scatter(
            crosses[:, 0], crosses[:, 1], marker="x", s=20, linewidths=0.9, color=colour,
            alpha=0.75,
        )  # fmt: skip
        dots = real[(real_classes == name).to_numpy()]
        panel.scatter(
            dots[:, 0], dots[:, 1], marker="o", s=22, facecolor=colour, edgecolor="white",
            linewidths=0.5,
        )  # fmt: skip
    panel.axhline(0, color="0.9", linewidth=0.6, zorder=0)
    panel.axvline(0, color="0.9", linewidth=0.6, zorder=0)
