"""Select the features with the smallest adjusted p-values of differential expression."""

from script_log import log_to

from evenomics.data.cohort_files import each_replicate, write_cohorts
from evenomics.files import read_table
from evenomics.preparation.selection import top_features

log_to(snakemake.log[0])
table = read_table(snakemake.input.table)
for replicate, cohorts in each_replicate(snakemake.input.cohorts):
    tested = table[table["replicate"] == replicate]
    measured = cohorts["real"].features.columns
    chosen = top_features(tested, measured, snakemake.params.n_features)
    selected = {name: cohort.select(chosen) for name, cohort in cohorts.items()}
    write_cohorts(selected, snakemake.output.cohorts, replicate)
