"""Draw the training samples of all experiments of a study, and fit a scaler on each draw."""

import logging
from pathlib import Path

from script_log import log_to

from evenomics.config.experiments import experiment_grid
from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_table
from evenomics.preparation.draw_files import write_draws
from evenomics.preparation.draws import draw, experiment_table
from evenomics.preparation.scaling import fit_scaler

log_to(snakemake.log[0])
params = snakemake.params
grid, disjoint = experiment_grid(params.experiments), params.experiments["disjoint"]
real = read_cohort(snakemake.input.real, "real")
draws = draw(real, grid, params.classes, params.seed, disjoint)
table = experiment_table(draws)
logging.info("drawn:\n%s", table.to_string(index=False))
scalers = {
    name: fit_scaler(drawn, alpha=params.scaling["alpha"], unskewed=params.scaling["unskewed"])
    for name, drawn in draws.items()
}
write_draws(draws, scalers, Path(snakemake.output.draws))
write_table(table, snakemake.output.experiments)
