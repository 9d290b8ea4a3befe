"""Figures of feature selection: differential expression, and how often features were found."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenomics.report.style import CLASS_COLOURS, split_title, style

_MODELS = {"lasso": ("LASSO", "o"), "elastic_net": ("Elastic net", "D")}

_MOST_FEATURES = 40

_MOST_NAMES = 12

_GREY = "#8C8C8C"


def expression_volcano(
    table: pd.DataFrame, taken: Collection[str], classes: Sequence[str], n_splits: int = 1
) -> Figure:
    """Plot fold changes against adjusted p-values, the features that were taken in colour.

    Parameters
    ----------
    table : DataFrame
        Of one split, as ``limma.R`` writes it: feature, logFC (with more classes one column per
        class, ``logFC.<class>``, of which the largest is drawn), adjusted_p_value.
    taken : collection of str
        Features that went on.
    classes : sequence of str
        Class names, the one that the others are compared with first.
    n_splits : int
        Of how many splits this is the first; 1 for fixed cohorts.
    """
    changes = table.loc[:, table.columns.str.startswith("logFC")].to_numpy()
    change = changes[np.arange(len(table)), np.abs(changes).argmax(axis=1)]
    # a p-value that underflows still has its place above all others
    height = -np.log10(table["adjusted_p_value"].clip(lower=1e-300).to_numpy())
    on = table["feature"].isin(set(taken)).to_numpy()
    with style():
        figure = Figure(figsize=(6.4, 5.0))
        axes = figure.subplots()
        for chosen, colour, size, text in (
            (~on, _GREY, 8, f"others ({(~on).sum()})"),
            (on, CLASS_COLOURS[1], 14, f"selected ({on.sum()})"),
        ):
            axes.scatter(
                change[chosen], height[chosen], s=size, color=colour, alpha=0.7, lw=0, label=text
            )
        _name_points(axes, table["feature"].to_numpy(), change, height, on)
        axes.axhline(-np.log10(0.05), color="black", lw=0.8, ls="--", label="adjusted p-value 0.05")
        axes.axvline(0, color=_GREY, lw=0.6)
        first, *others = classes
        what = f"{others[0]} minus" if len(others) == 1 else "largest difference of a class to"
        axes.set_xlabel(f"{what} {first}, in units of the data (log2 fold change for log2 values)")
        axes.set_ylabel("−log10 adjusted p-value")
        axes.set_title(f"Differential expression in the real cohort{split_title(n_splits)}")
        figure.legend(loc="outside lower center", ncols=3, markerscale=1.5)
    return figure


def _name_points(
    axes: Axes,
    names: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    candidates: np.ndarray,
) -> None:
    """Name the highest points, each beside its point, none over another."""
    order = [i for i in np.argsort(-y, kind="stable") if candidates[i]]
    low, high = axes.get_ylim()
    step = (high - low) / 28
    used: dict[bool, list[float]] = {True: [], False: []}
    for i in order[:_MOST_NAMES]:
        side = bool(x[i] > 0)
        if any(abs(y[i] - other) < step for other in used[side]):
            continue
        used[side].append(y[i])
        axes.annotate(
            str(names[i]), (x[i], y[i]), xytext=(4 if side else -4, 0),
            textcoords="offset points", ha="left" if side else "right", va="center", fontsize=7,
        )  # fmt: skip
    axes.margins(x=0.15)


def stability_figure(features: pd.DataFrame, repeats: pd.DataFrame) -> Figure:
    """Plot how often each selected feature was found, and the scores of held-out samples.

    Parameters
    ----------
    features, repeats : DataFrame
        Of `evenomics.preparation.selection.StableFeatures`, with the column replicate. Of several
        splits the first is shown; beside its features stands how many splits selected them.
    """
    n_splits = features["replicate"].max()
    n_selecting = features[features["selected"]].groupby("feature").size()
    features, repeats = (table[table["replicate"] == 1] for table in (features, repeats))
    selected = features[features["selected"]]
    shown = selected.head(_MOST_FEATURES)
    names = shown["feature"].tolist()
    if n_splits > 1:
        names = [f"{name} ({n_selecting[name]} of {n_splits})" for name in names]
    with style():
        figure = Figure(figsize=(9.0, max(3.4, 1.4 + 0.19 * len(shown))))
        left, middle, right = figure.subplots(1, 3, width_ratios=(3, 1.3, 1.3))
        places = np.arange(len(shown))[::-1]
        left.hlines(places, 0, 100, color="#E0E0E0", lw=0.6, zorder=0)
        for (model, (title, marker)), colour, shift in zip(
            _MODELS.items(), CLASS_COLOURS, (0.13, -0.13), strict=False
        ):
            share = 100 * shown[model]
            left.scatter(share, places + shift, s=22, marker=marker, color=colour, label=title)
            of_model = repeats[repeats["model"] == model]
            for axes, column in ((middle, "auroc"), (right, "n_features")):
                _points_and_mean(axes, list(_MODELS).index(model), of_model[column], marker, colour)
        left.set_yticks(places, names, fontsize=7)
        left.set_ylim(-0.8, len(shown) - 0.2)
        left.set_xlim(-3, 103)
        left.set_xlabel("Repeats that selected the feature (%)")
        more = len(selected) - len(shown)
        left.set_title(
            f"{len(selected)} of {len(features)} features selected"
            + (f" ({more} more below these)" if more else "")
        )
        if n_splits > 1:
            figure.suptitle(
                f"Features{split_title(n_splits)} (in brackets: splits that selected the feature)"
            )
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        middle.set_ylabel("AUROC of held-out samples")
        middle.axhline(0.5, color="black", lw=0.8, ls="--")
        right.set_ylabel("Features selected")
        right.set_ylim(bottom=0)
        for axes in (middle, right):
            axes.set_xticks(range(len(_MODELS)), [title for title, _ in _MODELS.values()])
            axes.set_xlim(-0.6, len(_MODELS) - 0.4)
        middle.set_title("Each repeat")
    return figure


def _points_and_mean(axes: Axes, at: int, values: pd.Series, marker: str, colour: str) -> None:
    spread = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else np.zeros(1)
    axes.scatter(at + spread, values, s=16, marker=marker, color=colour, alpha=0.8, lw=0)
    axes.hlines(values.mean(), at - 0.3, at + 0.3, color=colour, lw=2)
