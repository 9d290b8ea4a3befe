"""Draw the training samples of a study, and fit the scalers of every draw and of its folds."""

import logging
from pathlib import Path

from first_checks import check_first
from script_log import log_to

from evenomics.config.experiments import experiment_grid, training_draws
from evenomics.data.cohort_files import cohort_path, n_replicates, read_cohort, read_given
from evenomics.files import write_table
from evenomics.preparation.draw_files import prepare, write_draw
from evenomics.preparation.draws import draw, experiment_table

log_to(snakemake.log[0])
check_first(snakemake, tell=True)
params, cohorts = snakemake.params, Path(snakemake.input.cohorts)
wanted = training_draws(experiment_grid(params.experiments), params.replicates, params.splits)
given = read_given(snakemake.input.given) if snakemake.input.given else {}
without_features = {}
for part in range(1, 1 + n_replicates(cohorts)):
    real = read_cohort(cohort_path(cohorts, "real", part), "real")
    # fixed cohorts have one real cohort for the draws of all replicates
    of_part = [pair for pair in wanted if not params.splits or pair[1].replicate == part]
    drawn = draw(real, of_part, params.classes, params.seed, params.experiments["disjoint"], given)
    # one at a time: all draws of a wide table would fill the memory
    for of, rows in drawn.items():
        cohort = real.take(rows, name=of.name)
        prepared = prepare(
            of,
            cohort,
            n_folds=params.folds,
            seed=params.seed,
            scale_folds=params.in_folds,
            alpha=params.scaling["alpha"],
            unskewed=params.scaling["unskewed"],
            power_transform=params.scaling["power_transform"],
        )
        write_draw(prepared, Path(snakemake.output.draws))
        without_features[of] = cohort.select([])
table = experiment_table({of: without_features[of] for _, of in wanted})
logging.info("drawn:\n%s", table.to_string(index=False))
write_table(table, snakemake.output.experiments)
