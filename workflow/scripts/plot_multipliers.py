"""Draw scores over the multiplier."""

import pandas as pd

from evenomics.plots import multiplier_lines, save_figure

summary = pd.read_csv(snakemake.input.summary, sep="\t")
save_figure(multiplier_lines(summary, snakemake.params.metric), snakemake.output)
