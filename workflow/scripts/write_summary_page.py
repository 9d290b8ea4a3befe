"""Write the summary page over all studies."""

from pathlib import Path

from script_log import log_to

from evenomics.plots import StudyResults, summary_page
from evenomics.tables import read_back

log_to(snakemake.log[0])
studies = [
    StudyResults(
        study,
        selection,
        description,
        read_back(summary),
        read_back(comparison),
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
