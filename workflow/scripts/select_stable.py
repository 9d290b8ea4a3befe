"""Select the features that repeated LASSO and elastic net select most often."""

import pandas as pd
from script_log import log_to

from evenomics.data.cohort_files import each_replicate, write_cohorts
from evenomics.files import write_table
from evenomics.preparation.selection import stable_features
from evenomics.randomness import derive_seed

log_to(snakemake.log[0])
params, outputs = snakemake.params, snakemake.output
features, repeats = {}, {}
for replicate, cohorts in each_replicate(snakemake.input.cohorts):
    found = stable_features(
        cohorts["real"],
        params.classes,
        **params.options,
        seed=derive_seed(params.seed, "selection", replicate),
        n_jobs=snakemake.threads,
    )
    features[replicate], repeats[replicate] = found.features, found.repeats
    selected = {name: cohort.select(found.selected) for name, cohort in cohorts.items()}
    write_cohorts(selected, outputs.cohorts, replicate)
for tables, path in ((features, outputs.features), (repeats, outputs.repeats)):
    write_table(pd.concat(tables, names=["replicate"]).reset_index("replicate"), path)
