"""Draw the gene sets that are over-represented among the selected genes of a study."""

from script_log import log_to

from evenomics.plots import save_figure
from evenomics.plots.enrichment import enrichment_dots
from evenomics.tables import read_back

log_to(snakemake.log[0])
table = read_back(snakemake.input.table)
save_figure(enrichment_dots(table, snakemake.params.level), snakemake.output)
