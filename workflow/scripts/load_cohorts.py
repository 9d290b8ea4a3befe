"""Load the three cohorts of a study and check them."""

from script_log import log_to

from evenomics.cohort import write_cohort
from evenomics.sources import load_study

log_to(snakemake.log[0])
params = snakemake.params
for name, cohort in load_study(params.cohorts, params.classes, params.seed).items():
    write_cohort(cohort, snakemake.output[name])
