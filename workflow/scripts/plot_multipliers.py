"""Draw scores over the multiplier."""

import pandas as pd
from script_log import log_to

from evenomics.plots import multiplier_lines, save_figure

log_to(snakemake.log[0])
summary = pd.read_csv(snakemake.input.summary, sep="\t")
save_figure(multiplier_lines(summary, snakemake.params.metric), snakemake.output)
