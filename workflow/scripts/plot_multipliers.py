"""Draw scores over the multiplier."""

from script_log import log_to

from evenomics.plots import multiplier_lines, save_figure
from evenomics.tables import read_back

log_to(snakemake.log[0])
summary = read_back(snakemake.input.summary)
save_figure(multiplier_lines(summary, snakemake.params.metric), snakemake.output)
