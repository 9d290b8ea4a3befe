"""Draw the training curves of one experiment's GANs."""

from pathlib import Path

from script_log import log_to

from evenomics.plots import save_figure, training_curves
from evenomics.tables import read_back

log_to(snakemake.log[0])
training = Path(snakemake.input.training)
history = read_back(training / "history.tsv.gz")
chosen = read_back(training / "chosen.tsv")
figure = training_curves(
    history, chosen, snakemake.wildcards.experiment, snakemake.params.curve, snakemake.params.cuts
)
save_figure(figure, snakemake.output)
