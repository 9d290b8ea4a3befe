"""Load the three cohorts of a study, of every replicate, and check them."""

from script_log import log_to

from evenomics.config.cohorts import imported_names
from evenomics.data.cohort_files import write_cohorts
from evenomics.data.source import load_study

log_to(snakemake.log[0])
params = snakemake.params
imported = {name: snakemake.input[name] for name in imported_names(params.cohorts)}
found = load_study(params.cohorts, params.classes, params.seed, imported)
for replicate, cohorts in enumerate(found, start=1):
    write_cohorts(cohorts, snakemake.output.cohorts, replicate)
