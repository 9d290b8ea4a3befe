"""Write the table of over-represented gene sets as an HTML page."""

from script_log import log_to

from evenomics.files import read_table, write_text
from evenomics.report.pages.tables import plain_page

log_to(snakemake.log[0])
table = read_table(snakemake.input.table)
page = plain_page(table, f"Gene sets of study {snakemake.wildcards.study}")
write_text(snakemake.output.page, page)
