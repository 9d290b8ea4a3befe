"""Summarise the scores of a study, and test its arms against each other."""

import pandas as pd
from script_log import log_to

from evenomics.cohort import write_table
from evenomics.comparison import compare, summarise

log_to(snakemake.log[0])
scores = pd.read_csv(snakemake.input.scores, sep="\t")
write_table(summarise(scores), snakemake.output.summary)
write_table(compare(scores, snakemake.params.metric), snakemake.output.comparison)
