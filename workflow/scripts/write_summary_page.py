"""Write the summary page over all studies."""

from pathlib import Path

from script_log import log_to

from evenomics.files import read_back
from evenomics.report.pages.summary import StudyResults, summary_page

log_to(snakemake.log[0])
studies = [
    StudyResults(
        study,
        selection,
        description,
        read_back(summary),
        read_back(comparison),
        read_back(shift),
        read_back(findings),
    )
    for (study, selection, description), summary, comparison, shift, findings in zip(
        snakemake.params.studies,
        snakemake.input.summaries,
        snakemake.input.comparisons,
        snakemake.input.shifts,
        snakemake.input.findings,
        strict=True,
    )
]
page = summary_page(studies, snakemake.params.metric, snakemake.params.level)
Path(snakemake.output.page).write_text(page, encoding="ascii")
