"""Draw the training samples of one experiment from the real cohort."""

from script_log import log_to

from evenomics.config.experiments import Experiment
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.preparation.draws import draw

log_to(snakemake.log[0])
params = snakemake.params
real = read_cohort(snakemake.input.real, "real")
experiments = [Experiment(*experiment) for experiment in params.experiments]
draws = draw(real, experiments, params.classes, params.seed, params.disjoint)
write_cohort(draws[snakemake.wildcards.experiment], snakemake.output.draw)
