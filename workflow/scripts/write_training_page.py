"""Write the table of chosen rates and epochs as an HTML page."""

from pathlib import Path

from script_log import log_to

from evenomics.files import read_table, write_text
from evenomics.report.pages.tables import training_page

log_to(snakemake.log[0])
training = Path(snakemake.input.training)
chosen = read_table(training / "chosen.tsv")
rates = read_table(training / "rates.tsv")
page = training_page(chosen, rates, f"GAN training of study {snakemake.wildcards.study}")
write_text(snakemake.output.page, page)
