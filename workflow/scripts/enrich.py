"""Test which gene sets are over-represented among the selected genes of a study."""

import pandas as pd
from script_log import log_to

from evenomics.data.cohort_files import each_replicate, read_cohorts
from evenomics.evaluation.enrichment import enrich
from evenomics.files import write_table

log_to(snakemake.log[0])
params = snakemake.params
tables = {}
for replicate, cohorts in each_replicate(snakemake.input.selected):
    measured = read_cohorts(snakemake.input.measured, replicate)
    tables[replicate] = enrich(
        cohorts["real"].features.columns,
        measured["real"].features.columns,
        source=params.source,
        libraries=params.libraries,
        gene_sets=snakemake.input.get("gene_sets", []),
        min_size=params.min_size,
        max_size=params.max_size,
    )
table = pd.concat(tables, names=["replicate"]).reset_index("replicate")
write_table(table, snakemake.output.table)
