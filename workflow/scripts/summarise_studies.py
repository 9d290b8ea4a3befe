"""Put the answers and the scores of all studies into tables, and write the first page."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.evaluation.comparison import by_study
from evenomics.files import read_table, write_table, write_text
from evenomics.report.pages.summary import StudyResults, summary_page

log_to(snakemake.log[0])
params = snakemake.params
studies, summaries = [], []
for (study, selection, description), answers in zip(
    params.studies, snakemake.input.answers, strict=True
):
    folder = Path(answers).parent
    tables = {
        name: read_table(folder / f"{name}.tsv")
        for name in ("sentences", "answers", "comparison", "shift", "findings")
    }
    studies.append(StudyResults(study, selection, description, **tables))
    summaries.append(read_table(folder / "summary.tsv"))
answers = pd.concat([study.answers for study in studies], ignore_index=True)
write_table(answers, snakemake.output.answers)
write_table(by_study(pd.concat(summaries), params.metric), snakemake.output.table)
write_text(snakemake.output.page, summary_page(studies, params.level))
