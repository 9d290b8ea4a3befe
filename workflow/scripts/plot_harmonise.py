"""Draw the cohorts of a study before and after harmonisation."""

from script_log import log_to

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import read_cohort
from evenomics.report.figures.harmonise import cohort_pca
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
params = snakemake.params
before, after = (
    {name: read_cohort(snakemake.input[f"{name}_{when}"], name) for name in COHORTS}
    for when in ("before", "after")
)
save_figure(cohort_pca(before, after, params.classes, params.method), snakemake.output)
