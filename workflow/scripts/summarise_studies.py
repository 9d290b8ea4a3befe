"""Put the mean score of every arm in every study into one table, and write the summary page."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.evaluation.comparison import by_study
from evenomics.files import read_table, write_table, write_text
from evenomics.report.pages.summary import StudyResults, summary_page

log_to(snakemake.log[0])
params = snakemake.params
studies = []
for (study, selection, description), summary in zip(
    params.studies, snakemake.input.summaries, strict=True
):
    folder = Path(summary).parent
    tables = {
        name: read_table(folder / f"{name}.tsv")
        for name in ("summary", "comparison", "shift", "findings")
    }
    studies.append(StudyResults(study, selection, description, **tables))
summaries = pd.concat([study.summary for study in studies], ignore_index=True)
write_table(by_study(summaries, params.metric), snakemake.output.table)
write_text(snakemake.output.page, summary_page(studies, params.metric, params.level))
