"""List the experiments of a study, and check that the real cohort is large enough for all."""

import logging

from script_log import log_to

from evenomics.config.experiments import experiment_grid
from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_table
from evenomics.preparation.draws import draw, experiment_table

log_to(snakemake.log[0])
params = snakemake.params
real = read_cohort(snakemake.input.real, "real")
grid = experiment_grid(params.experiments)
draws = draw(real, grid, params.classes, params.seed, params.experiments["disjoint"])
table = experiment_table(draws)
logging.info("drawn:\n%s", table.to_string(index=False))
write_table(table, snakemake.output.experiments)
