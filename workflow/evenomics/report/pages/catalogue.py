"""The pages of a study that are nothing but tables, by name, from the files of a run.

A page's name is that of its file, and that of `evenomics.config.plan.Plan`. The page of the data
comes with a table of its own (`evenomics.report.pages.data`), the summary is of all studies
(`evenomics.report.pages.summary`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evenomics.files import read_table
from evenomics.report.pages.tables import comparison_page, plain_page, scores_page, training_page

#: Paths by the names that the rules of the report give them.
Files = Mapping[str, Any]
#: What the rules say of a page (params), and of which study and selection it is.
Settings = Mapping[str, Any]


def _scores(files: Files, settings: Settings) -> str:
    return scores_page(read_table(files["summary"]), f"Scores of study {settings['study']}")


def _comparison(files: Files, settings: Settings) -> str:
    heading = f"Comparison of arms, study {settings['study']}"
    return comparison_page(read_table(files["comparison"]), heading, settings["level"])


def _timings(files: Files, settings: Settings) -> str:
    return plain_page(read_table(files["timings"]), f"Run times of study {settings['study']}")


def _training(files: Files, settings: Settings) -> str:
    folder = Path(files["training"])
    chosen, rates = read_table(folder / "chosen.tsv"), read_table(folder / "rates.tsv")
    return training_page(chosen, rates, f"GAN training of study {settings['study']}")


def _enrichment(files: Files, settings: Settings) -> str:
    return plain_page(read_table(files["enrichment"]), f"Gene sets of study {settings['study']}")


PAGES: dict[str, Callable[[Files, Settings], str]] = {
    "scores": _scores,
    "comparison": _comparison,
    "timings": _timings,
    "training": _training,
    "enrichment": _enrichment,
}
