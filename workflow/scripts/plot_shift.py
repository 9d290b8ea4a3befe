"""Draw the shift between the cohorts of a study, with every way of harmonising."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.shift import shift_dots
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
save_figure(
    shift_dots(read_table(snakemake.input.shift), snakemake.params.checks), snakemake.output
)
