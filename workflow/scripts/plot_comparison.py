"""Draw the heat map of differences."""

from script_log import log_to

from evenomics.plots import difference_map, save_figure
from evenomics.tables import read_back

log_to(snakemake.log[0])
comparison = read_back(snakemake.input.comparison)
save_figure(difference_map(comparison, snakemake.params.level), snakemake.output)
