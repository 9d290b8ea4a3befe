"""List the experiments of a study, and check that the real cohort is large enough for all."""

import logging

from script_log import log_to

from evenomics.cohort import read_cohort, write_table
from evenomics.experiment import draw, experiment_grid, experiment_table

log_to(snakemake.log[0])
params = snakemake.params
real = read_cohort(snakemake.input.real, "real")
grid = experiment_grid(params.experiments)
draws = draw(real, grid, params.classes, params.seed, params.experiments["disjoint"])
table = experiment_table(draws)
logging.info("drawn:\n%s", table.to_string(index=False))
write_table(table, snakemake.output.experiments)
