"""Draw the curves of the pre-training."""

from pathlib import Path

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.training import pretraining_curves
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
history = read_table(Path(snakemake.input.pretraining) / "history.tsv.gz")
save_figure(pretraining_curves(history), snakemake.output)
