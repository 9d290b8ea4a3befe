"""The numbers in ``docs/reproduction.md``, from the results of a run.

``python -m evenomics.report.reproduction_docs RESULTS docs/reproduction.md`` writes them again, and
the figure beside the text.
"""

import shutil
import sys
from pathlib import Path

import pandas as pd

from evenomics.evaluation.reproduction import ARMS
from evenomics.files import read_table, write_text
from evenomics.report.reproduction import agreement_rows, balancing_rows, claim_rows, mean_rows

BEGIN, END = "<!-- numbers: made from a run -->", "<!-- end of numbers -->"


def numbers(
    table: pd.DataFrame, means: pd.DataFrame, claims: pd.DataFrame, balancing: pd.DataFrame
) -> str:
    """Return the tables of a run, as Markdown.

    Parameters
    ----------
    table, means, balancing : DataFrame
        From `evenomics.evaluation.reproduction`.
    claims : DataFrame
        From `evenomics.evaluation.claims.claims_table`.
    """
    parts = ["### How near our scores are to the published ones", _markdown(agreement_rows(table))]
    parts.append("### Means over the training draws, alpha 0")
    for title, rows in mean_rows(means, ["none", *ARMS]):
        parts += [f"{title}:", _markdown(rows)]
    parts += ["### What the paper says of its results", _markdown(claim_rows(claims))]
    if len(balancing):
        parts.append("### Does balancing help on these data?")
        parts.append("Cases (training draws, classifiers) in which the honest tests say so.")
        parts.append(_markdown(balancing_rows(balancing)))
    return "\n\n".join(parts)


def with_numbers(text: str, made: str) -> str:
    """Return a text in which `made` stands between the marks.

    Raises
    ------
    ValueError
        If the text has no such marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text needs the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def _markdown(rows: pd.DataFrame) -> str:
    lines = [[*map(str, rows)], ["---"] * len(rows.columns)]
    lines += [[str(cell) for cell in row] for row in rows.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(results: Path, document: Path) -> None:
    """Write the numbers of a run into a document, and the figure beside it."""
    names = ("", "_means", "_claims", "_balancing")
    made = numbers(*(read_table(results / f"reproduction{name}.tsv") for name in names))
    write_text(document, with_numbers(document.read_text(encoding="utf-8"), made))
    shutil.copyfile(results / "reproduction.figures/agreement.png", document.with_suffix(".png"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
