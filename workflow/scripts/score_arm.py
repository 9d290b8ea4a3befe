"""Tune, train and score classifiers on a training draw that one arm balances."""

from pathlib import Path

from script_log import log_to

from evenomics.balancing.arm import ARMS
from evenomics.data.cohort_files import read_cohort
from evenomics.evaluation.scoring import gans_of, score_arm
from evenomics.files import write_table
from evenomics.gan.serialization import load_generators
from evenomics.preparation.scaling import SkewScaler

log_to(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
draw = read_cohort(snakemake.input.draw, wildcards.experiment)
generators = {}
if training := snakemake.input.get("training"):
    gans = gans_of(ARMS[wildcards.arm], draw.class_counts(), params.classes, params.alphas)
    generators = load_generators(Path(training), wildcards.experiment, gans)
result = score_arm(
    wildcards.arm,
    draw,
    read_cohort(snakemake.input.validation, "validation"),
    SkewScaler.from_json(Path(snakemake.input.scaler).read_text()),
    params.classes,
    alphas=params.alphas,
    multipliers=params.multipliers,
    generators=generators,
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
