"""Draw the gene sets that are over-represented among the selected genes of a study."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.enrichment import enrichment_dots
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
table = read_table(snakemake.input.table)
save_figure(enrichment_dots(table, snakemake.params.level), snakemake.output)
