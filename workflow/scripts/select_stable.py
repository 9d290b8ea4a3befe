"""Select the features that repeated LASSO and elastic net select most often."""

from script_log import log_to

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.files import write_table
from evenomics.preparation.selection import stable_features

log_to(snakemake.log[0])
params = snakemake.params
cohorts = {name: read_cohort(snakemake.input[name], name) for name in COHORTS}
found = stable_features(
    cohorts["real"], params.classes, **params.options, seed=params.seed, n_jobs=snakemake.threads
)
write_table(found.features, snakemake.output.features)
write_table(found.repeats, snakemake.output.repeats)
for name, cohort in cohorts.items():
    write_cohort(cohort.select(found.selected), snakemake.output[name])
