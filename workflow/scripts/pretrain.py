"""Pre-train the GANs of a study on its external cohorts: one, or one for every split of a table."""

from pathlib import Path

from first_checks import check_first
from script_log import log_to

from evenomics.data.cohort_files import cohort_path, n_replicates, read_cohort
from evenomics.files import write_text
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import pretrain_replicates
from evenomics.gan.settings import GanSettings
from evenomics.preparation.scaling import fit_scaler

log_to(snakemake.log[0])
check_first(snakemake)
params, folder = snakemake.params, Path(snakemake.output.pretraining)
cohorts, scaling = Path(snakemake.input.cohorts), params.scaling
samples = []
for replicate in range(1, 1 + n_replicates(cohorts)):
    external = read_cohort(cohort_path(cohorts, "external", replicate), "external")
    scaler = fit_scaler(
        external,
        alpha=scaling["alpha"],
        unskewed=scaling["unskewed"],
        power_transform=scaling["power_transform"],
        n_samples=scaling["n_external"],
        seed=params.seed,
    )
    samples.append(scaler.transform(external.features))
    write_text(folder / str(replicate) / "scaler.json", scaler.to_json())
pretrained = pretrain_replicates(
    samples,
    GanSettings.from_mapping(params.gan),
    seed=params.seed,
    training=Training(
        engine=params.engine,
        threads=snakemake.threads,
        checkpoints=folder.parent / "checkpoints",
    ),
)
for replicate, networks in enumerate(pretrained, 1):
    networks.save(folder / str(replicate))
