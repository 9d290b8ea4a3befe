"""Fit the scaler of a training draw or of the external cohort."""

from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_text
from evenomics.preparation.scaling import fit_scaler

log_to(snakemake.log[0])
params = snakemake.params
scaler = fit_scaler(
    read_cohort(snakemake.input.samples),
    alpha=params.alpha,
    unskewed=params.unskewed,
    n_samples=params.n_samples,
    seed=params.seed,
)
write_text(snakemake.output.scaler, scaler.to_json())
