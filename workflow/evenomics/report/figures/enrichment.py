"""Which gene sets hold more of the selected genes than expected."""

from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evenomics.report.style import split_title, style

_COLOURS = "cividis"

_SMALLEST_P = 1e-10  # the colour scale ends here: beyond, differences say nothing more

_NAME_WIDTH = 48  # characters of a line of a gene set's name

_LINE = 0.17  # inches


def enrichment_dots(
    table: pd.DataFrame, level: float = 0.05, n_terms: int = 15, n_splits: int = 1
) -> Figure:
    """Dot plot of the gene sets with the smallest p-values.

    Parameters
    ----------
    table : DataFrame
        As `evenomics.evaluation.enrichment.enrich` returns it; may be empty.
    level : float
        Sets with an adjusted p-value below are significant: they get a black ring.
    n_terms : int
        Number of sets to show per library.
    n_splits : int
        Of how many splits this is the first; 1 for fixed cohorts.

    Returns
    -------
    Figure
        One panel per library, its sets from the smallest p-value down; x: share of the selected
        genes that are in the set (%), size: their number, colour: adjusted p-value. Above each
        panel stands how many sets are significant, or that none is.
    """
    libraries = list(table["library"].unique())
    shown = {name: _first(table[table["library"] == name], n_terms) for name in libraries}
    names = {name: [fill(t, _NAME_WIDTH) for t in rows["term"]] for name, rows in shown.items()}
    # a term takes the height of its lines, and no less than the largest dot
    heights = [
        0.9 + sum(max(0.3, _LINE * (name.count("\n") + 1.4)) for name in names[library])
        for library in libraries
    ]
    with style():
        if not libraries:
            figure = Figure(figsize=(7.0, 1.2))
            figure.text(0.5, 0.5, "No gene set holds a selected gene.", ha="center", va="center")
            return figure
        figure = Figure(figsize=(8.2, max(4.0, sum(heights) + 0.3)))
        panels = figure.subplots(len(libraries), 1, squeeze=False, height_ratios=heights)[:, 0]
        if n_splits > 1:
            figure.suptitle(f"Gene sets{split_title(n_splits)}")
        everything = pd.concat(shown.values())
        smallest = max(_SMALLEST_P, everything["adjusted_p_value"].min())
        scale = ScalarMappable(LogNorm(min(smallest, level), 1.0), _COLOURS)
        largest = int(everything["n_overlap"].max())
        for panel, library in zip(panels, libraries, strict=True):
            _draw(panel, shown[library], names[library], scale, largest, level)
            of_library = table.loc[table["library"] == library, "adjusted_p_value"]
            panel.set_title(f"{library}\n{_verdict(of_library, level)}", loc="left", fontsize=9)
        panels[-1].set_xlabel("Selected genes that are in the set (%)")
        figure.colorbar(
            scale,
            ax=panels,
            label="Adjusted p-value",
            extend="min" if smallest == _SMALLEST_P else "neither",
            aspect=30,
            shrink=min(1, 4 / sum(heights)),
        )
        counts = np.unique(np.linspace(everything["n_overlap"].min(), largest, 4).round())
        figure.legend(
            handles=[
                *(_dot(np.sqrt(_area(count, largest)), "0.6", "none") for count in counts),
                _dot(7, "white", "black"),
            ],
            labels=[*(f"{count:.0f}" for count in counts), f"adjusted p < {level:g}"],
            title="Selected genes in the set",
            loc="outside lower center",
            ncols=len(counts) + 1,
        )
    return figure


def _first(rows: pd.DataFrame, n_terms: int) -> pd.DataFrame:
    return rows.sort_values(["p_value", "term"]).head(n_terms)


def _verdict(adjusted: pd.Series, level: float) -> str:
    n_significant = int((adjusted < level).sum())
    if n_significant:
        return f"{n_significant} significant (adjusted p < {level:g})"
    return f"No set is significant at {level:g}: the smallest adjusted p is {adjusted.min():.2g}"


def _area(count: Any, largest: int) -> Any:
    """Area of a dot in square points; the smallest can still show its colour inside the ring."""
    return 25 + 135 * count / largest


def _draw(
    panel: Axes,
    rows: pd.DataFrame,
    names: list[str],
    scale: ScalarMappable,
    largest: int,
    level: float,
) -> None:
    significant = (rows["adjusted_p_value"] < level).to_numpy()
    y = np.arange(len(rows))
    panel.scatter(
        100 * rows["n_overlap"] / rows["n_selected"],
        y,
        s=_area(rows["n_overlap"].to_numpy(), largest),
        color=scale.to_rgba(rows["adjusted_p_value"].to_numpy()),
        edgecolors=["black" if yes else "none" for yes in significant],
        linewidths=1.2,
    )
    panel.set_yticks(y, names, fontsize=8)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(left=0)
    panel.margins(x=0.08)
    panel.grid(color="0.9", linewidth=0.6)
    panel.tick_params(axis="y", length=0)


def _dot(size: float, face: str, edge: str) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker="o", markersize=size, markerfacecolor=face,
        markeredgecolor=edge, markeredgewidth=1.2 if edge != "none" else 0,
    )  # fmt: skip
