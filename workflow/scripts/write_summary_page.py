"""Write the summary page over all studies."""

from script_log import log_to

from evenomics.files import read_table, write_text
from evenomics.report.pages.summary import StudyResults, summary_page

log_to(snakemake.log[0])
studies = [
    StudyResults(
        study,
        selection,
        description,
        read_table(summary),
        read_table(comparison),
        read_table(shift),
        read_table(findings),
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
write_text(snakemake.output.page, page)
