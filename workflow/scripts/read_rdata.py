"""Read an R object and write it as a table."""

from script_log import log_to

from evenomics.rdata import read_rdata, write_made

log_to(snakemake.log[0])
cohort = read_rdata(**snakemake.params.spec, name=snakemake.wildcards.cohort)
write_made(cohort, snakemake.output[0])
