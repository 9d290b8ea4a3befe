"""Test which gene sets are over-represented among the selected genes of a study."""

import pandas as pd
from script_log import log_to

from evenomics.data.cohort_files import cohort_path, n_replicates, read_cohort
from evenomics.evaluation.enrichment import enrich
from evenomics.files import write_table

log_to(snakemake.log[0])
params = snakemake.params
folders = (snakemake.input.selected, snakemake.input.measured)
tables = {}
for replicate in range(1, n_replicates(folders[0]) + 1):
    selected, measured = (
        read_cohort(cohort_path(folder, "real", replicate)).features.columns for folder in folders
    )
    tables[replicate] = enrich(
        selected,
        measured,
        source=params.source,
        libraries=params.libraries,
        gene_sets=snakemake.input.get("gene_sets", []),
        min_size=params.min_size,
        max_size=params.max_size,
    )
table = pd.concat(tables, names=["replicate"]).reset_index("replicate")
write_table(table, snakemake.output.table)
