"""Compare the arms of a study, and draw all of its figures and pages."""

import shutil
from pathlib import Path

from script_log import log_to

from evenomics.evaluation.comparison import compare, summarise
from evenomics.files import write_table, write_text
from evenomics.report.figures.catalogue import FIGURES
from evenomics.report.pages.catalogue import PAGES
from evenomics.report.pages.data import cohort_table
from evenomics.report.study import StudyFiles
from evenomics.report.style import save_figure
from evenomics.report.timings import timings_table

log_to(snakemake.log[0])
params = snakemake.params
folder = Path(snakemake.output.summary).parent
files = StudyFiles(folder, params.settings)
scores = files.table("scores.tsv.gz")
tables = {
    "summary": summarise(scores),
    "comparison": compare(scores, params.settings["metric"]),
    "data": cohort_table(files.cohorts("."), files.cohorts(), params.options),
    "timings": timings_table(files, snakemake.input.benchmarks),
}
for name, table in tables.items():
    write_table(table, snakemake.output[name])
for kind, name, experiment, paths in params.results:
    if kind == "figure":
        save_figure(FIGURES[name](files, experiment), [folder / path for path in paths])
    else:
        write_text(folder / paths[0], PAGES[name](files))
if not params.keep_checkpoints:
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
