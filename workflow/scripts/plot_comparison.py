"""Draw the heat map of differences."""

import pandas as pd
from script_log import log_to

from evenomics.plots import difference_map, save_figure

log_to(snakemake.log[0])
comparison = pd.read_csv(snakemake.input.comparison, sep="\t")
save_figure(difference_map(comparison, snakemake.params.level), snakemake.output)
