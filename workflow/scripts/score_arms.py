"""Tune, train and score classifiers on the draws of a study, balanced by every arm."""

import shutil
from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.balancing.third_party import check_samplers
from evenomics.config.arms import Grid
from evenomics.evaluation.study_scores import StudyScoring
from evenomics.files import read_table, write_table

log_to(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
inputs, outputs = snakemake.input, snakemake.output
generated = Path(outputs.generated)
training = inputs.get("training")
scoring = StudyScoring(
    draws=Path(inputs.draws),
    validation=Path(inputs.validation),
    training=Path(training) if training else None,
    checkpoints=generated.parent / "checkpoints" / "scores",
    classes=params.classes,
    grid=Grid.of(params.grid),
    samplers=params.samplers,
    settings=params.settings,
)
check_samplers(params.samplers)
generated.mkdir()
folders, times = {}, []
for experiment, arm, folder, seconds in scoring.run(
    params.experiments, params.arms, snakemake.threads
):
    folders[experiment, arm] = folder
    shutil.copyfile(folder / "generated.tsv.gz", generated / f"{experiment}.{arm}.tsv.gz")
    times.append({"experiment": experiment, "arm": arm, "seconds": seconds})
in_order = [folders[experiment, arm] for experiment in params.experiments for arm in params.arms]
for name in ("scores", "tuning", "roc"):
    table = pd.concat([read_table(folder / f"{name}.tsv") for folder in in_order])
    table.insert(0, "study", wildcards.study)
    table.insert(1, "selection", wildcards.selection)
    write_table(table, outputs[name])
write_table(pd.DataFrame(times), outputs.seconds)
