"""Put scores, hyper-parameters and ROC curves of all experiments and arms into one table each."""

import pandas as pd
from script_log import log_to

from evenomics.files import read_table, write_table

log_to(snakemake.log[0])
for name, paths in snakemake.input.items():
    tables = pd.concat(map(read_table, paths), ignore_index=True)
    write_table(tables, snakemake.output[name])
