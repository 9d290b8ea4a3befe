"""Load the three cohorts of a study, of every replicate, and check them."""

from pathlib import Path

from script_log import log_to

from evenomics.config.cohorts import imported_names
from evenomics.config.tables import given_draws, study_tables
from evenomics.data.cohort_files import write_cohorts
from evenomics.data.source import load_study

log_to(snakemake.log[0])
params = snakemake.params
imported = {name: snakemake.input[name] for name in imported_names(params.cohorts)}
files = {Path(path).name: path for path in snakemake.input.downloaded}
study = {"cohorts": params.cohorts, "experiments": {"given": params.given}}
found = load_study(
    params.cohorts,
    params.classes,
    params.seed,
    imported,
    given=given_draws(study["experiments"]),
    downloaded={of.address: files[of.file_name] for of in study_tables(study) if of.is_remote},
)
for replicate, cohorts in enumerate(found, start=1):
    write_cohorts(cohorts, snakemake.output.cohorts, replicate)
