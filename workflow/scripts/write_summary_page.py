"""Write the summary page over all studies."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.plots import StudyResults, summary_page

log_to(snakemake.log[0])
studies = [
    StudyResults(
        study,
        selection,
        description,
        pd.read_csv(summary, sep="\t"),
        pd.read_csv(comparison, sep="\t"),
    )
    for (study, selection, description), summary, comparison in zip(
        snakemake.params.studies,
        snakemake.input.summaries,
        snakemake.input.comparisons,
        strict=True,
    )
]
page = summary_page(studies, snakemake.params.metric, snakemake.params.level)
Path(snakemake.output.page).write_text(page, encoding="ascii")
