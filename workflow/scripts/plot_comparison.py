"""Draw the heat map of differences."""

import pandas as pd

from evenomics.plots import difference_map, save_figure

comparison = pd.read_csv(snakemake.input.comparison, sep="\t")
save_figure(difference_map(comparison, snakemake.params.level), snakemake.output)
