"""Harmonise the cohorts of a study by z-scores or quantiles."""

from script_log import log_to

from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.preparation.harmonise import harmonise

log_to(snakemake.log[0])
cohorts = {name: read_cohort(path, name) for name, path in snakemake.input.items()}
for name, cohort in harmonise(cohorts, snakemake.params.method).items():
    write_cohort(cohort, snakemake.output[name])
