"""Tables of results as HTML pages that need nothing but a browser."""

import base64
import io
from collections.abc import Collection, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evenomics.report.style import number, style

STYLESHEET = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1a1a1a;
       background: #fff; max-width: 76rem; margin: 1.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { max-width: 52rem; } .note { color: #555; font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .5rem 0 1rem; }
caption { text-align: left; color: #555; padding-bottom: .3rem; }
th, td { padding: .28rem .65rem; border-bottom: 1px solid #ddd; text-align: left;
         white-space: nowrap; vertical-align: top; }
thead th { border-bottom: 2px solid #666; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { position: sticky; left: 0; background: #fff; }
td.wrap { white-space: normal; } td.wrap:first-child { min-width: 17rem; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
tr:hover td { background: #f4f7fb; } .best { font-weight: 700; }
.warning { border-left: 4px solid #D55E00; background: #fdf1e8; padding: .4rem .8rem; }
img { max-width: 100%; height: auto; }
"""

# Headings of columns that a reader would otherwise have to look up.
HEADINGS = {
    "replicate": "Replicate",
    "experiment": "Experiment",
    "gan": "GAN",
    "class": "Class",
    "alpha": "Alpha",
    "variant": "Variant",
    "n_samples": "Samples",
    "n_held_out": "Held-out samples",
    "n_folds": "Folds",
    "lr_1": "Learning rate 1",
    "lr_1_rule": "Learning rate 1 chosen by",
    "epoch_1": "Epoch 1",
    "updates_1": "Updates 1",
    "lr_2": "Learning rate 2",
    "lr_2_rule": "Learning rate 2 chosen by",
    "epoch_2": "Epoch 2",
    "epoch_2_rule": "Epoch 2 chosen by",
    "updates_2": "Updates 2",
    "note": "Note",
    "wasserstein_training": "Wasserstein estimate, training samples",
    "wasserstein_held_out": "Wasserstein estimate, held-out samples",
    "energy_distance": "Energy distance",
    "effective_rank_generated": "Effective rank, generated samples",
    "effective_rank_real": "Effective rank, real samples",
    "nn_distance_training": "Nearest-neighbour distance to training samples",
    "nn_distance_held_out": "Nearest-neighbour distance to held-out samples",
    "engine": "Engine",
    "seconds": "Time (s)",
    "phase": "Re-training",
    "rate": "Learning rate",
    "smallest_above": "Smallest value above the threshold",
    "last_above": "Last value above the threshold",
    "instability": "Instability",
    "speed": "Speed",
    "objective": "Weight × instability − speed",
    "cut_epoch": "Cut at epoch",
    "chosen": "Chosen",
    "library": "Library",
    "term": "Gene set",
    "n_overlap": "Overlap (selected genes in the set)",
    "n_set": "Genes in the set",
    "n_selected": "Selected genes",
    "n_background": "Background genes",
    "odds_ratio": "Odds ratio",
    "p_value": "p",
    "adjusted_p_value": "Adjusted p",
    "genes": "Selected genes in the set",
    "step": "Step",
    "what": "Of what",
    "max_rss_mb": "Peak memory (MB)",
    "mean_load_percent": "Mean CPU load (%)",
}


def html_page(title: str, body: str) -> str:
    """Self-contained HTML page, in ASCII so that no reader can take it for another encoding."""
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLESHEET}</style></head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def html_table(
    frame: pd.DataFrame,
    caption: str = "",
    best: Mapping[str, Collection[object]] | None = None,
    bold_rows: Collection[object] = (),
    wrapped: Collection[str] = (),
) -> str:
    """One table; numbers to the right, missing values as a dash.

    Parameters
    ----------
    frame : DataFrame
        Column names are the headings. Floats are written with four significant digits.
    caption : str
        Text above the table.
    best : mapping of str to collection, optional
        Per column the labels of the rows whose cells are set in bold.
    bold_rows : collection of object, optional
        Labels of rows that are set in bold.
    wrapped : collection of str, optional
        Columns whose text may take several lines.
    """
    head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in frame.columns)
    lines = []
    for label, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        cells = []
        for column, value in zip(frame.columns, row, strict=True):
            numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
            kinds = ["number"] * numeric
            kinds += ["wrap"] * (column in wrapped)
            kinds += ["best"] * bool(best and label in best.get(column, ()))
            mark = f' class="{" ".join(kinds)}"' if kinds else ""
            cells.append(f"<td{mark}>{escape(_text(value))}</td>")
        strong = ' class="best"' if label in bold_rows else ""
        lines.append(f"<tr{strong}>{''.join(cells)}</tr>")
    heading = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{heading}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{chr(10).join(lines)}</tbody></table></div>"
    )


def _text(value: Any) -> str:
    if pd.isna(value) or value == "":
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def figure_html(figure: Figure, alt: str) -> str:
    """Write a figure into a page, as SVG; `alt` says what it shows."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


def mean_and_sd(mean: float, sd: float) -> str:
    """``0.812 ± 0.031``; the mean alone where there is no SD."""
    if np.isnan(mean):
        return "–"
    return number(mean) if np.isnan(sd) or sd == 0 else f"{number(mean)} ± {number(sd)}"


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table headings for people."""
    names = [str(column) for column in frame]
    headings = {name: HEADINGS.get(name, name.replace("_", " ").capitalize()) for name in names}
    return frame.rename(columns=headings)


def training_page(chosen: pd.DataFrame, rates: pd.DataFrame, title: str) -> str:
    """Page with the chosen rates and epochs of every GAN, the rule behind each, and all rates."""
    note = (
        '<p class="note">Each row is a GAN (class, alpha, variant). 1 and 2 are its first and '
        'second re-training. "Chosen by" names the rule, or the fallback where no learning rate '
        "or epoch met the rule. Updates are those of the critic in the final training run. Where "
        "a class has several folds, this run used all samples, with as many updates as the folds "
        "had up to the chosen epoch. The critic overfits where the Wasserstein estimate is large "
        "on training samples and small or negative on held-out samples. Generated samples vary "
        "less than real ones where their effective rank is smaller.</p>"
    )
    return html_page(
        title,
        f"<h2>Chosen learning rates and epochs</h2>{note}{html_table(named(chosen))}"
        f"<h2>All learning rates that were tried</h2>{html_table(named(rates))}",
    )


def plain_page(frame: pd.DataFrame, title: str, note: str = "") -> str:
    """Page with one table as it is."""
    text = f'<p class="note">{escape(note)}</p>' if note else ""
    return html_page(title, text + html_table(named(frame)))
