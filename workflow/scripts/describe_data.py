"""Describe cohorts, experiments and settings of a study: the paper's Tables 1 to 3."""

from script_log import log_to

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import read_cohort
from evenomics.files import read_table, write_table, write_text
from evenomics.report.pages.data import cohort_table, data_page

log_to(snakemake.log[0])
params = snakemake.params
loaded, used = (
    {name: read_cohort(path, name) for name, path in zip(COHORTS, paths, strict=True)}
    for paths in (snakemake.input.loaded, snakemake.input.used)
)
table = cohort_table(loaded, used, params.study)
write_table(table, snakemake.output.data)
page = data_page(
    table,
    read_table(snakemake.input.experiments),
    read_table(snakemake.input.tuning),
    {"GAN": params.gan, "Selection": params.selection, "Scaling": params.scaling},
    f"Data and settings of study {snakemake.wildcards.study}",
)
write_text(snakemake.output.page, page)
