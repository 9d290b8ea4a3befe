"""Draw the ROC curves of one experiment."""

from script_log import log_to

from evenomics.plots import roc_curves, save_figure
from evenomics.tables import read_back

log_to(snakemake.log[0])
roc = read_back(snakemake.input.roc)
summary = read_back(snakemake.input.summary)
save_figure(roc_curves(roc, summary, snakemake.wildcards.experiment), snakemake.output)
