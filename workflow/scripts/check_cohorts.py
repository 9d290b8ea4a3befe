"""Measure the shift between cohorts, and warn if it is large."""

import pandas as pd
from script_log import log_to, warn_loudly

from evenomics.data.cohort_files import each_replicate, read_cohorts
from evenomics.files import write_table
from evenomics.preparation.cohort_checks import findings, label_copies, shift_table, warnings_of

log_to(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
measured, copies = {}, []
for replicate, used in each_replicate(snakemake.input.used):
    before = read_cohorts(snakemake.input.before, replicate)
    measured[replicate] = shift_table(before, used, params.harmonise)
    copies.append(label_copies(used, before["real"].n_features))
shift = pd.concat(measured, names=["replicate"]).reset_index("replicate")
found = findings(shift, copies, params.checks, params.watched)
for table, path in ((shift, snakemake.output.shift), (found, snakemake.output.findings)):
    table.insert(0, "study", wildcards.study)
    table.insert(1, "selection", wildcards.selection)
    write_table(table, path)
for line in warnings_of(found):
    warn_loudly(line)
