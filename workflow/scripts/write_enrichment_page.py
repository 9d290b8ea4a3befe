"""Write the table of over-represented gene sets as an HTML page."""

from pathlib import Path

from script_log import log_to

from evenomics.files import read_back
from evenomics.report.pages.tables import plain_page

log_to(snakemake.log[0])
table = read_back(snakemake.input.table)
page = plain_page(table, f"Gene sets of study {snakemake.wildcards.study}")
Path(snakemake.output.page).write_text(page, encoding="ascii")
