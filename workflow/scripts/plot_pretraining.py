"""Draw the curves of the pre-training."""

from pathlib import Path

from script_log import log_to

from evenomics.plots import pretraining_curves, save_figure
from evenomics.tables import read_back

log_to(snakemake.log[0])
history = read_back(Path(snakemake.input.pretraining) / "history.tsv.gz")
save_figure(pretraining_curves(history), snakemake.output)
