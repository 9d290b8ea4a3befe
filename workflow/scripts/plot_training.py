"""Draw the training curves of one experiment's GANs."""

from pathlib import Path

from script_log import log_to

from evenomics.files import read_table
from evenomics.report.figures.training import training_curves
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
training = Path(snakemake.input.training)
history = read_table(training / "history.tsv.gz")
chosen = read_table(training / "chosen.tsv")
figure = training_curves(
    history, chosen, snakemake.wildcards.experiment, snakemake.params.curve, snakemake.params.cuts
)
save_figure(figure, snakemake.output)
