"""Draw the heat map of differences."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.scores import difference_map
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
comparison = read_table(snakemake.input.comparison)
save_figure(difference_map(comparison, snakemake.params.level), snakemake.output)
