"""Draw the box figure."""

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.scores import score_boxes
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
summary = read_table(snakemake.input.summary)
figure = score_boxes(
    summary, snakemake.params.metric, snakemake.params.arms, snakemake.params.best_alpha
)
save_figure(figure, snakemake.output)
