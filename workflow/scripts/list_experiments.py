"""List the experiments of a study, and check that the real cohort is large enough for all."""

import pandas as pd
from script_log import log_to

from evenomics.cohort import read_cohort, write_table
from evenomics.experiment import draw, experiment_grid

log_to(snakemake.log[0])
params = snakemake.params
real = read_cohort(snakemake.input.real, "real")
grid = experiment_grid(params.experiments)
draws = draw(real, grid, params.classes, params.seed, params.experiments["disjoint"])
rows = [
    {"experiment": name, "class": label, "n_samples": n}
    for name, cohort in draws.items()
    for label, n in cohort.class_counts().items()
]
write_table(pd.DataFrame(rows), snakemake.output.experiments)
