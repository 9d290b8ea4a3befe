"""Draw the shift between the cohorts of a study, with every way of harmonising."""

from script_log import log_to

from evenomics.plots import save_figure
from evenomics.plots.shift import shift_dots
from evenomics.tables import read_back

log_to(snakemake.log[0])
save_figure(shift_dots(read_back(snakemake.input.shift), snakemake.params.checks), snakemake.output)
