"""Write the table of over-represented gene sets as an HTML page."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.plots import plain_page

log_to(snakemake.log[0])
table = pd.read_csv(snakemake.input.table, sep="\t")
page = plain_page(table, f"Gene sets of study {snakemake.wildcards.study}")
Path(snakemake.output.page).write_text(page, encoding="ascii")
