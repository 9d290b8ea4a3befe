"""Draw the curves of the pre-training."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.plots import pretraining_curves, save_figure

log_to(snakemake.log[0])
history = pd.read_csv(Path(snakemake.input.pretraining) / "history.tsv.gz", sep="\t")
save_figure(pretraining_curves(history), snakemake.output)
