"""Draw scores over the multiplier."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.scores import multiplier_lines
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
summary = read_table(snakemake.input.summary)
save_figure(multiplier_lines(summary, snakemake.params.metric), snakemake.output)
