"""What all figures share: colours, words, order, and how a figure is saved."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from natsort import natsorted, ns

from evenomics.config.names import NO_SETTING, names, title

# An arm has its colour in the schema: Okabe and Ito's, which stay apart for colour-blind readers
# (their yellow is darkened, since as a thin line on white it cannot be seen). Paul Tol's muted
# colours are for arms that have none of their own.
SPARE_COLOURS = ("#882255", "#332288", "#999933", "#44AA99", "#661100", "#117733", "#AA4499")

COHORT_COLOURS = {name: entry["colour"] for name, entry in names("cohorts").items()}

CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    # Text stays text, so that it can be searched, read aloud and edited for a paper.
    "svg.fonttype": "none",
    # Ids inside an SVG are random without a salt: the same table must give the same bytes.
    "svg.hashsalt": "evenomics",
}


def style() -> Any:
    """Context in which every figure is made and saved."""
    return mpl.rc_context(_STYLE)


def save_figure(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write a figure once per path; the suffix (``.svg``, ``.png``) says the format.

    The same figure gives the same bytes: no date, no version, no random ids.
    """
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        undated = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        with style():
            figure.savefig(path, dpi=150, metadata=undated)


def arm_order(arms: Iterable[str]) -> list[str]:
    """Distinct arms in the order of the schema, arms that it does not know last."""
    known = list(names("arms"))
    return sorted(
        set(arms), key=lambda arm: (known.index(arm) if arm in known else len(known), arm)
    )


def arm_title(arm: str) -> str:
    """Name of an arm for people."""
    return title("arms", arm)


def arm_colours(arms: Iterable[str]) -> dict[str, str]:
    """One colour per arm: that of the schema, or a spare one."""
    ordered = arm_order(arms)
    own = {arm: names("arms").get(arm, {}).get("colour") for arm in ordered}
    without = [arm for arm in ordered if not own[arm]]
    free = [colour for colour in SPARE_COLOURS if colour not in own.values()] or SPARE_COLOURS
    spare = {arm: free[i % len(free)] for i, arm in enumerate(without)}
    return {arm: own[arm] or spare[arm] for arm in ordered}


def experiment_order(experiments: Iterable[str]) -> list[str]:
    """Distinct experiments, c80 before c120."""
    return natsorted(dict.fromkeys(experiments), alg=ns.FLOAT)


def experiment_title(experiment: str, separator: str = ", ") -> str:
    """``c40_i0.4`` and ``all_i0.6`` in words; any other name but ``whole`` as it is."""
    found = re.fullmatch(r"(all|c\d+)_i([\d.]+)", experiment)
    if found:
        return f"{found[1].removeprefix('c')} controls{separator}imbalance {found[2]}"
    return "whole cohort" if experiment == "whole" else experiment


def classifier_title(classifier: str) -> str:
    """Name of a classifier for people."""
    return title("classifiers", classifier)


def metric_title(metric: str) -> str:
    """Name of a metric for people."""
    return title("metrics", metric)


def in_sentence(title: str) -> str:
    """Write a title within a sentence; names such as SMOTE and ExpandGAN stay."""
    first, *rest = title.split(" ")
    return " ".join([first.lower() if first[1:].islower() else first, *rest])


def setting_title(
    arm: str, alpha: str, multiplier: object = NO_SETTING, bandwidth: object = NO_SETTING
) -> str:
    """Write the settings of a row in short; empty for an arm that has none.

    Alpha is ``1/0`` (under/over) for an arm that grows both classes, ``1`` for one that grows only
    the under-represented ones; ``× 0.5`` is a multiplier, ``h 0.5`` a bandwidth.
    """
    words = []
    if alpha != NO_SETTING:
        under, _, over = alpha.removeprefix("a").partition("-")
        expands = names("arms").get(arm, {"expands": True}).get("expands", False)
        words.append(f"{under}/{over}" if expands and over else under)
    if str(multiplier) != NO_SETTING:
        words.append(f"× {float(str(multiplier)):g}")
    if str(bandwidth) != NO_SETTING:
        words.append(f"h {float(str(bandwidth)):g}")
    return " ".join(words)


def number(value: float) -> str:
    """``0.012``, ``−0.012``, ``0.0004``: never 0 by rounding; a dash for what is missing."""
    if np.isnan(value):
        return "–"
    if abs(value) < 1e-12:
        return "0"
    text = f"{value:.3f}"
    return (text if float(text) else f"{value:.1g}").replace("-", "−")


def split_title(n_splits: int) -> str:
    """``, split 1 of 5``: what a title adds where only the first split is shown; else empty."""
    return f", split 1 of {n_splits}" if n_splits > 1 else ""


def signed(value: float) -> str:
    """``+0.012``, ``−0.012``, or ``0`` where there is no difference but for rounding."""
    text = number(value)
    return f"+{text}" if value > 0 and text != "0" else text


def span(values: pd.Series, text: Callable[[float], str] = number) -> str:
    """``0.028 to 0.061``, or one number where both ends are written alike."""
    return " to ".join(dict.fromkeys([text(values.min()), text(values.max())]))


def interval(low: float, high: float) -> str:
    """``0.012 to 0.034``; a dash where there is none."""
    return "–" if np.isnan(low) else f"{number(low)} to {number(high)}"


def p_text(p_value: float) -> str:
    """``= 0.012``, ``< 0.0001``; never 0, a dash where there is none."""
    if np.isnan(p_value):
        return "–"
    return "< 0.0001" if p_value < 1e-4 else f"= {p_value:.3g}"


def leaders(values: pd.Series, smallest: bool = False) -> list[object]:
    """Labels of the largest (or smallest) value; of those equal but for rounding, all."""
    values = values.dropna()
    best = values.min() if smallest else values.max()
    return values.index[np.isclose(values, best, rtol=0, atol=1e-9)].tolist()


def replicates_text(rows: pd.DataFrame) -> str:
    """``5 replicates, 700 validation samples``, from their columns of a table."""
    return ", ".join(
        f"{span(rows[column], '{:.0f}'.format)} {noun}{'s' * bool(rows[column].max() > 1)}"
        for column, noun in (("n_replicates", "replicate"), ("n_validation", "validation sample"))
    )


def of_metric(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Rows of one metric, at the default threshold if it needs one.

    Raises
    ------
    ValueError
        When there is no such row.
    """
    rows = summary[(summary["metric"] == metric) & (summary["threshold"] != "tuned")]
    if rows.empty:
        known = ", ".join(sorted(summary["metric"].unique()))
        raise ValueError(f"no scores of the metric {metric!r}; the table has {known}")
    return rows


def grid(n_panels: int, n_columns: int) -> tuple[int, int]:
    """Rows and columns that hold the panels, as few as possible."""
    columns = max(1, min(n_panels, n_columns))
    return -(-n_panels // columns), columns


def chunks(items: Sequence[str], size: int) -> list[list[str]]:
    """Consecutive parts of at most ``size`` items, as even as can be."""
    n_parts = -(-len(items) // max(1, size))
    even = -(-len(items) // n_parts)
    return [list(items[i : i + even]) for i in range(0, len(items), even)]
