"""Re-train the GANs of a study's draws, replicate by replicate, the draws of each side by side."""

from pathlib import Path

from script_log import log_to

from evenomics.balancing.draw_gans import train_draws
from evenomics.config.arms import arm_entry
from evenomics.config.experiments import DrawId
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import Pretrained
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import read_draw

log_to(snakemake.log[0])
params, folder = snakemake.params, Path(snakemake.output.training)
draws = [DrawId(*draw) for draw in params.draws]
pretraining = snakemake.input.get("pretraining")
for replicate in sorted({draw.replicate for draw in draws}):
    # fixed cohorts are pre-trained on once
    of = replicate if params.splits else 1
    train_draws(
        [read_draw(Path(snakemake.input.draws), d) for d in draws if d.replicate == replicate],
        Pretrained.load(Path(pretraining, str(of))) if pretraining else None,
        folder,
        entries=[arm_entry(arm, {}) for arm in params.arms],
        alphas=params.alphas,
        classes=params.classes,
        settings=GanSettings.from_mapping(params.gan),
        in_folds=params.in_folds,
        seed=params.seed,
        training=Training(
            engine=params.engine,
            threads=snakemake.threads,
            checkpoints=folder.parent / "checkpoints",
        ),
    )
