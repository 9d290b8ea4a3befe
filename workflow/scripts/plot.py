"""Draw the figure that the output is named after."""

from pathlib import Path

from script_log import log_to

from evenomics.report.figures.catalogue import FIGURES
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
name = Path(snakemake.output[0]).name.partition(".")[0]
settings = dict([*snakemake.params.items(), *snakemake.wildcards.items()])
save_figure(FIGURES[name](snakemake.input, settings), snakemake.output)
