"""Draw the gene sets that are over-represented among the selected genes of a study."""

import pandas as pd
from script_log import log_to

from evenomics.plots import save_figure
from evenomics.plots.enrichment import enrichment_dots

log_to(snakemake.log[0])
table = pd.read_csv(snakemake.input.table, sep="\t")
save_figure(enrichment_dots(table, snakemake.params.level), snakemake.output)
