"""Tune, train and score classifiers on the draws of a study, balanced by every arm."""

from pathlib import Path

from script_log import log_to

from evenomics.balancing.third_party import check_samplers
from evenomics.config.arms import Grid
from evenomics.config.experiments import DrawId
from evenomics.evaluation.hyper_parameters import check_hyper_parameters, read_given
from evenomics.evaluation.scoring import Scoring
from evenomics.evaluation.study_scores import StudyScoring

log_to(snakemake.log[0])
params, inputs, folder = snakemake.params, snakemake.input, Path(snakemake.output.scored)
training = inputs.get("training")
check_samplers(params.samplers)
check_hyper_parameters(params.scoring)
given = [row for path in inputs.hyper_parameters for row in read_given(Path(path), params.study)]
scoring = StudyScoring(
    draws=Path(inputs.draws),
    cohorts=Path(inputs.cohorts),
    splits=params.splits,
    training=Path(training) if training else None,
    checkpoints=folder.parent / "checkpoints" / "scores",
    scoring=Scoring(grid=Grid.of(params.grid), **{**params.scoring, "hyper_parameters": given}),
    samplers=params.samplers,
)
scoring.run([DrawId(*draw) for draw in params.draws], params.arms, folder, n_jobs=snakemake.threads)
