"""Measure the shift between cohorts, warn if it is large, and say what the study will take."""

import logging
import sys

from script_log import log_to, warn_loudly

from evenomics.balancing.third_party import check_samplers
from evenomics.config.estimate import check_study, known_size
from evenomics.config.names import COHORTS
from evenomics.config.source import Size
from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_table
from evenomics.preparation.cohort_checks import findings, shift_table, warnings_of

log_to(snakemake.log[0])
# not from `params`: nothing that is written depends on the config
params, wildcards, config = snakemake.params, snakemake.wildcards, snakemake.config
check_samplers(config["samplers"])
before, used = (
    {name: read_cohort(path, name) for name, path in zip(COHORTS, paths, strict=True)}
    for paths in (snakemake.input.before, snakemake.input.used)
)
takes = check_study(config, *wildcards, Size.of(used), snakemake.resources.local_cores)
logging.info(takes)
if known_size(config, wildcards.study) is None:  # then it was not said before the start
    print(takes, file=sys.stderr)
shift = shift_table(before, used, params.harmonise)
found = findings(shift, used, params.checks, params.watched, before["real"].n_features)
for table, path in ((shift, snakemake.output.shift), (found, snakemake.output.findings)):
    table.insert(0, "study", wildcards.study)
    table.insert(1, "selection", wildcards.selection)
    write_table(table, path)
for line in warnings_of(found):
    warn_loudly(line)
