"""Tune, train and score the classifiers on what one arm makes of one training draw."""

from pathlib import Path

from script_log import log_to

from evenomics.cohort import read_cohort, write_table
from evenomics.gan.store import load_generator
from evenomics.scaling import SkewScaler
from evenomics.scoring import score_arm

log_to(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
training = snakemake.input.get("training")
models = Path(training, wildcards.experiment).glob("*.safetensors") if training else ()
result = score_arm(
    wildcards.arm,
    read_cohort(snakemake.input.draw, wildcards.experiment),
    read_cohort(snakemake.input.validation, "validation"),
    SkewScaler.from_json(Path(snakemake.input.scaler).read_text()),
    params.classes,
    alphas=params.alphas,
    multipliers=params.multipliers,
    generators={path.stem: load_generator(path) for path in models},
    **params.scoring,
    seed=params.seed,
    n_jobs=snakemake.threads,
)
for name in ("scores", "tuning", "roc"):
    table = getattr(result, name)
    table.insert(0, "study", wildcards.study)
    table.insert(1, "selection", wildcards.selection)
    write_table(table, snakemake.output[name])
write_table(result.generated, snakemake.output.generated)
