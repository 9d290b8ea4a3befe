"""Write tables of results as HTML pages."""

from script_log import log_to

from evenomics.files import read_table, write_text
from evenomics.report.pages.tables import comparison_page, plain_page, scores_page

log_to(snakemake.log[0])
study = snakemake.wildcards.study
tables = {name: read_table(path) for name, path in snakemake.input.items()}
pages = {
    "scores": scores_page(tables["summary"], f"Scores of study {study}"),
    "comparison": comparison_page(
        tables["comparison"], f"Comparison of arms, study {study}", snakemake.params.level
    ),
    "timings": plain_page(tables["timings"], f"Times of study {study}"),
}
for name, page in pages.items():
    write_text(snakemake.output[name], page)
