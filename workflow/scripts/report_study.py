"""Compare the arms of a study, say what was found, and draw all of its figures and pages."""

import shutil
from pathlib import Path

from script_log import log_to

from evenomics.config.arms import AUTO
from evenomics.files import write_table, write_text
from evenomics.report.answer import answer_tables
from evenomics.report.comparison import comparison_tables
from evenomics.report.figures.catalogue import FIGURES
from evenomics.report.pages.catalogue import PAGES
from evenomics.report.pages.data import cohort_table
from evenomics.report.predictions import ChosenPredictions, prediction_tables
from evenomics.report.study import StudyFiles
from evenomics.report.style import save_figure
from evenomics.report.timings import timings_table

log_to(snakemake.log[0])
params = snakemake.params
folder = Path(snakemake.output.summary).parent
files = StudyFiles(folder, params.settings)
predictions = ChosenPredictions(files)
scored = ["scores", "tuning"] + ["auto"] * (AUTO in params.settings["arms"])


def write(tables):
    """Write tables by the names of the rule's outputs."""
    for name, table in tables.items():
        write_table(table, snakemake.output[name])


write({name: files.scored(f"{name}.tsv") for name in scored})
write(comparison_tables(files, predictions))
write(prediction_tables(files, predictions))
write(answer_tables(files))
write(
    {
        "data": cohort_table(files.cohorts("."), files.cohorts(), params.options),
        "timings": timings_table(files, snakemake.input.benchmarks),
    }
)
for kind, name, experiment, paths in params.results:
    if kind == "figure":
        save_figure(FIGURES[name](files, experiment), [folder / path for path in paths])
    else:
        write_text(folder / paths[0], PAGES[name](files))
if not params.keep_checkpoints:
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
