"""Re-train the GANs of all experiments of a study, side by side."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.balancing.arm import gan_requests
from evenomics.files import write_table
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import Pretrained
from evenomics.gan.retraining import retrain
from evenomics.gan.serialization import generator_path, save_generator
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import read_draw

log_to(snakemake.log[0])
params = snakemake.params
requests = []
for experiment in params.experiments:
    draw, scaler = read_draw(Path(snakemake.input.draws), experiment)
    scaled = scaler.transform(draw.features)
    of_class = {label: draw.classes == label for label in params.classes}
    samples = {label: scaled[rows] for label, rows in of_class.items()}
    groups = {}
    if draw.groups is not None:
        groups = {label: draw.groups[rows].to_numpy() for label, rows in of_class.items()}
    requests += gan_requests(params.arms, params.alphas, experiment, samples, groups)

pretraining = snakemake.input.get("pretraining")
trained = retrain(
    requests,
    Pretrained.load(Path(pretraining)) if pretraining else None,
    GanSettings.from_mapping(params.gan),
    seed=params.seed,
    training=Training(
        engine=params.engine,
        threads=snakemake.threads,
        checkpoints=Path(snakemake.output.training).parent / "checkpoints",
    ),
)
folder = Path(snakemake.output.training)
for gan in trained:
    path = generator_path(folder, gan.request.experiment, gan.request.gan)
    save_generator(path, gan.generator, gan.chosen | {"output": params.gan["output"]})
write_table(pd.DataFrame([gan.chosen for gan in trained]), folder / "chosen.tsv")
write_table(pd.concat([gan.rates for gan in trained]), folder / "rates.tsv")
write_table(pd.concat([gan.history for gan in trained]), folder / "history.tsv.gz")
