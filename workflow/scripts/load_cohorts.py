"""Load the three cohorts of a study and check them."""

from script_log import log_to

from evenomics.cohort import write_cohort
from evenomics.sources import load_study, made_names

log_to(snakemake.log[0])
params = snakemake.params
made = {name: snakemake.input[name] for name in made_names(params.cohorts)}
for name, cohort in load_study(params.cohorts, params.classes, params.seed, made).items():
    write_cohort(cohort, snakemake.output[name])
