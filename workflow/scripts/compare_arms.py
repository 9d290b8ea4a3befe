"""Summarise the scores of a study, and test its arms against each other."""

from script_log import log_to

from evenomics.evaluation.comparison import compare, summarise
from evenomics.files import read_table, write_table

log_to(snakemake.log[0])
scores = read_table(snakemake.input.scores)
write_table(summarise(scores), snakemake.output.summary)
write_table(compare(scores, snakemake.params.metric), snakemake.output.comparison)
