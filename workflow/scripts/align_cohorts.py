"""Bring the cohorts of a study to the same features."""

from script_log import log_to

from evenomics.data.checks import align
from evenomics.data.cohort_files import each_replicate, write_cohorts

log_to(snakemake.log[0])
for replicate, cohorts in each_replicate(snakemake.input.cohorts):
    write_cohorts(align(cohorts), snakemake.output.cohorts, replicate)
