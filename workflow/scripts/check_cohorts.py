"""Measure the shift between cohorts, warn if it is large, and say what the study will take."""

import logging
import sys
from dataclasses import replace

import pandas as pd
from script_log import log_to, warn_loudly

from evenomics.balancing.third_party import check_samplers
from evenomics.config.estimate import check_study, known_size
from evenomics.config.source import Size
from evenomics.config.tables import study_tables
from evenomics.data.cohort_files import each_replicate, read_cohorts
from evenomics.evaluation.hyper_parameters import check_hyper_parameters
from evenomics.files import write_table
from evenomics.preparation.cohort_checks import findings, label_copies, shift_table, warnings_of

log_to(snakemake.log[0])
# not from `params`: nothing that is written depends on the config
params, wildcards, config = snakemake.params, snakemake.wildcards, snakemake.config
settings = config["studies"][wildcards.study]
check_samplers(settings["samplers"])
check_hyper_parameters(settings["scoring"])
measured, copies = {}, []
for replicate, used in each_replicate(snakemake.input.used):
    before = read_cohorts(snakemake.input.before, replicate)
    if replicate == 1:
        size = Size.of(used)
    measured[replicate] = shift_table(before, used, params.harmonise)
    copies.append(label_copies(used, before["real"].n_features))
known = known_size(config, wildcards.study)
if known is not None:
    size = replace(size, n_given=known.n_given)
takes = check_study(config, *wildcards, size, snakemake.resources.local_cores)
logging.info(takes)
downloads = any(table.is_remote for table in study_tables(config["studies"][wildcards.study]))
if known is None or downloads:  # then it may not have been said before the start
    print(takes, file=sys.stderr)
shift = pd.concat(measured, names=["replicate"]).reset_index("replicate")
found = findings(shift, copies, params.checks, params.watched)
for table, path in ((shift, snakemake.output.shift), (found, snakemake.output.findings)):
    table.insert(0, "study", wildcards.study)
    table.insert(1, "selection", wildcards.selection)
    write_table(table, path)
for line in warnings_of(found):
    warn_loudly(line)
