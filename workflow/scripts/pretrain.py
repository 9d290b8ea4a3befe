"""Pre-train the GAN of a study on its external cohort."""

from pathlib import Path

from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_text
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import pretrain
from evenomics.gan.settings import GanSettings
from evenomics.preparation.scaling import fit_scaler

log_to(snakemake.log[0])
params, folder = snakemake.params, Path(snakemake.output.pretraining)
external = read_cohort(snakemake.input.external, "external")
scaler = fit_scaler(
    external,
    alpha=params.scaling["alpha"],
    unskewed=params.scaling["unskewed"],
    n_samples=params.scaling["n_external"],
    seed=params.seed,
)
pretrained = pretrain(
    scaler.transform(external.features),
    GanSettings.from_mapping(params.gan),
    seed=params.seed,
    training=Training(
        engine=params.engine,
        threads=snakemake.threads,
        checkpoints=folder.parent / "checkpoints",
    ),
)
pretrained.save(folder)
write_text(folder / "scaler.json", scaler.to_json())
