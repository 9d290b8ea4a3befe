"""Test which gene sets are over-represented among the selected genes of a study."""

from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.evaluation.enrichment import enrich
from evenomics.files import write_table

log_to(snakemake.log[0])
params = snakemake.params
selected = read_cohort(snakemake.input.selected).features.columns
measured = read_cohort(snakemake.input.measured).features.columns
table = enrich(
    selected,
    measured,
    source=params.source,
    libraries=params.libraries,
    gene_sets=snakemake.input.get("gene_sets", []),
    min_size=params.min_size,
    max_size=params.max_size,
)
write_table(table, snakemake.output.table)
