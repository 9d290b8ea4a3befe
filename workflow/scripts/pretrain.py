"""Pre-train the GAN of a study on its external cohort."""

from pathlib import Path

from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import pretrain
from evenomics.gan.settings import GanSettings
from evenomics.preparation.scaling import SkewScaler

log_to(snakemake.log[0])
params = snakemake.params
external = read_cohort(snakemake.input.external, "external")
scaler = SkewScaler.from_json(Path(snakemake.input.scaler).read_text())
pretrained = pretrain(
    scaler.transform(external.features),
    GanSettings.from_mapping(params.gan),
    seed=params.seed,
    training=Training(
        engine=params.engine,
        threads=snakemake.threads,
        checkpoints=Path(snakemake.output.pretraining).parent / "checkpoints",
    ),
)
pretrained.save(Path(snakemake.output.pretraining))
