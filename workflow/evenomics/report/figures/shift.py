"""How far the cohorts of a study lie from the real one, with every way of harmonising."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evenomics.config.names import title
from evenomics.preparation.cohort_checks import median_shift
from evenomics.report.style import COHORT_COLOURS, style

_MARKERS = {"external": "s", "validation": "o"}

# measure, what it is, where cohorts that are alike stand
_PANELS = (
    ("beyond_range", "Cells beyond the range", None),
    ("shift_sd", "Median shift (SDs)", 0.0),
    ("scale_ratio", "Median ratio of SDs", 1.0),
    ("auroc", "Told apart (AUROC)", 0.5),
)


def shift_dots(shift: pd.DataFrame, limits: Mapping[str, float]) -> Figure:
    """Measures of the shift against the real cohort, one panel per measure.

    Parameters
    ----------
    shift : DataFrame
        Of `evenomics.preparation.cohort_checks.shift_table`, with the columns study, selection and
        replicate. Of several splits, the median is shown.
    limits : mapping of str to float
        The section ``checks`` of the config; measures beyond them are warned of.

    Returns
    -------
    Figure
        A row per way of harmonising, the one that the study uses first and in bold; a dot per
        cohort. Solid line: cohorts that are alike; dashed: where warnings begin.
    """
    n_splits = shift["replicate"].max()
    shift = median_shift(shift)
    used = shift.loc[shift["used"], "method"].iloc[0]
    methods = [used, *dict.fromkeys(shift.loc[~shift["used"], "method"])]
    cohorts = list(dict.fromkeys(shift["cohort"]))
    alike = {name: value for name, _, value in _PANELS if value is not None}
    alike["beyond_range"] = shift["expected"].iloc[0]
    ends = {
        "beyond_range": [limits["beyond_range"] + alike["beyond_range"]],
        "shift_sd": [limits["shift_sd"]],
        "scale_ratio": [1 / limits["scale_ratio"], limits["scale_ratio"]],
    }
    with style():
        figure = Figure(figsize=(10, 1.6 + 0.5 * len(methods)))
        panels = figure.subplots(1, len(_PANELS), sharey=True)
        for panel, (measure, heading, _) in zip(panels, _PANELS, strict=True):
            panel.axvline(alike[measure], color="0.75", linewidth=1, zorder=0)
            for end in ends.get(measure, ()):
                panel.axvline(end, color="0.45", linewidth=1, linestyle="--", zorder=0)
            for place, name in enumerate(cohorts):
                heights = np.arange(len(methods)) + 0.24 * (place - (len(cohorts) - 1) / 2)
                rows = shift[shift["cohort"] == name].set_index("method").reindex(methods)
                panel.plot(
                    rows[measure], heights, linestyle="", marker=_MARKERS[name], markersize=6.5,
                    color=COHORT_COLOURS[name], label=name,
                )  # fmt: skip
            panel.set_title(heading, loc="left")
            panel.grid(axis="y", color="0.93")
            panel.tick_params(axis="y", length=0)
        panels[0].set(xlim=(-0.05, 1.05), xticks=[0, 0.5, 1], xticklabels=["0%", "50%", "100%"])
        panels[1].xaxis.set_major_locator(MaxNLocator(4))
        panels[2].set_xscale("log")
        panels[3].set_xlim(0.475, 1.025)
        figure.set_layout_engine("constrained", wspace=0.06)
        panels[0].set_ylim(len(methods) - 0.5, -0.5)
        panels[0].set_yticks(
            range(len(methods)), [title("harmonisations", name) for name in methods]
        )
        panels[0].get_yticklabels()[0].set_fontweight("bold")
        of_splits = f", median of {n_splits} splits" if n_splits > 1 else ""
        figure.suptitle(
            f"Shift against the real cohort ({title('harmonisations', used)}){of_splits}"
        )
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(cohorts))
    return figure
