"""Select the features with the smallest adjusted p-values of differential expression."""

from script_log import log_to

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.files import read_table
from evenomics.preparation.selection import top_features

log_to(snakemake.log[0])
cohorts = {name: read_cohort(snakemake.input[name], name) for name in COHORTS}
table = read_table(snakemake.input.table)
chosen = top_features(table, cohorts["real"].features.columns, snakemake.params.n_features)
for name, cohort in cohorts.items():
    write_cohort(cohort.select(chosen), snakemake.output[name])
