"""Draw real and generated samples of one experiment in the plane of two principal components."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.files import read_table
from evenomics.preparation.scaling import SkewScaler
from evenomics.report.figures.samples import sample_pca
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
draw = read_cohort(snakemake.input.draw)
scaler = SkewScaler.from_json(Path(snakemake.input.scaler).read_text())
features = list(draw.features.columns)


def scaled(table: pd.DataFrame) -> pd.DataFrame:
    """Scale a table as the training draw is."""
    values = scaler.transform(table[features])
    return pd.DataFrame(values, columns=features, index=table.index)


generated = {}
for arm, path in zip(snakemake.params.arms, snakemake.input.generated, strict=True):
    table = read_table(path, numbers=features)
    if len(table):
        labels = table[["class", "alpha", "multiplier"]]
        generated[arm] = pd.concat([labels, scaled(table)], axis=1)
figure = sample_pca(
    scaled(draw.features),
    draw.classes,
    generated,
    snakemake.params.classes,
    snakemake.wildcards.experiment,
)
save_figure(figure, snakemake.output)
