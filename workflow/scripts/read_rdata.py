"""Read an R object and write it as a table."""

from script_log import log_to

from evenomics.data.cohort_files import write_cohort
from evenomics.data.rdata import read_rdata

log_to(snakemake.log[0])
cohort = read_rdata(**snakemake.params.spec, name=snakemake.wildcards.cohort)
write_cohort(cohort, snakemake.output[0])
