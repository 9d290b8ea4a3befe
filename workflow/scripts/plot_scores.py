"""Draw the box figure."""

import pandas as pd

from evenomics.plots import save_figure, score_boxes

summary = pd.read_csv(snakemake.input.summary, sep="\t")
figure = score_boxes(
    summary, snakemake.params.metric, snakemake.params.arms, snakemake.params.best_alpha
)
save_figure(figure, snakemake.output)
