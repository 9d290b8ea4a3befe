"""Harmonise the cohorts of a study by z-scores or quantiles."""

from script_log import log_to

from evenomics.data.cohort_files import each_replicate, write_cohorts
from evenomics.preparation.harmonise import harmonise

log_to(snakemake.log[0])
for replicate, cohorts in each_replicate(snakemake.input.cohorts):
    harmonised = harmonise(cohorts, snakemake.params.method)
    write_cohorts(harmonised, snakemake.output.cohorts, replicate)
