"""Draw the training curves of one experiment's GANs."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.plots import save_figure, training_curves

log_to(snakemake.log[0])
training = Path(snakemake.input.training)
history = pd.read_csv(training / "history.tsv.gz", sep="\t")
chosen = pd.read_csv(training / "chosen.tsv", sep="\t")
figure = training_curves(
    history, chosen, snakemake.wildcards.experiment, snakemake.params.curve, snakemake.params.cuts
)
save_figure(figure, snakemake.output)
