"""Write the table of chosen rates and epochs as an HTML page."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.plots import training_page

log_to(snakemake.log[0])
training = Path(snakemake.input.training)
chosen = pd.read_csv(training / "chosen.tsv", sep="\t")
rates = pd.read_csv(training / "rates.tsv", sep="\t")
page = training_page(chosen, rates, f"GAN training of study {snakemake.wildcards.study}")
Path(snakemake.output.page).write_text(page, encoding="ascii")
