"""Draw the box figure."""

from script_log import log_to

from evenomics.plots import save_figure, score_boxes
from evenomics.tables import read_back

log_to(snakemake.log[0])
summary = read_back(snakemake.input.summary)
figure = score_boxes(
    summary, snakemake.params.metric, snakemake.params.arms, snakemake.params.best_alpha
)
save_figure(figure, snakemake.output)
