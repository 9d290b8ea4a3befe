"""Draw the box figure."""

import pandas as pd
from script_log import log_to

from evenomics.plots import save_figure, score_boxes

log_to(snakemake.log[0])
summary = pd.read_csv(snakemake.input.summary, sep="\t")
figure = score_boxes(
    summary, snakemake.params.metric, snakemake.params.arms, snakemake.params.best_alpha
)
save_figure(figure, snakemake.output)
