"""Bring the cohorts of a study to the same features."""

from script_log import log_to

from evenomics.data.checks import align
from evenomics.data.cohort_files import read_cohort, write_cohort

log_to(snakemake.log[0])
cohorts = {name: read_cohort(path, name) for name, path in snakemake.input.items()}
for name, cohort in align(cohorts).items():
    write_cohort(cohort, snakemake.output[name])
