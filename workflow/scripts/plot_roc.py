"""Draw the ROC curves of one experiment."""

import pandas as pd
from script_log import log_to

from evenomics.plots import roc_curves, save_figure

log_to(snakemake.log[0])
roc = pd.read_csv(snakemake.input.roc, sep="\t")
summary = pd.read_csv(snakemake.input.summary, sep="\t")
save_figure(roc_curves(roc, summary, snakemake.wildcards.experiment), snakemake.output)
