"""Put the mean score of every arm in every study into one table."""

import pandas as pd
from script_log import log_to

from evenomics.evaluation.comparison import by_study
from evenomics.files import read_table, write_table

log_to(snakemake.log[0])
summaries = pd.concat([read_table(path) for path in snakemake.input], ignore_index=True)
write_table(by_study(summaries, snakemake.params.metric), snakemake.output.summary)
