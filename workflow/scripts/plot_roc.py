"""Draw the ROC curves of one experiment."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.scores import roc_curves
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
roc = read_table(snakemake.input.roc)
summary = read_table(snakemake.input.summary)
save_figure(roc_curves(roc, summary, snakemake.wildcards.experiment), snakemake.output)
