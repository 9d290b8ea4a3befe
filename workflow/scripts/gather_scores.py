"""Put scores, hyper-parameters and ROC curves of all experiments and arms into one table each."""

import pandas as pd
from script_log import log_to

from evenomics.cohort import write_table

log_to(snakemake.log[0])
for name, paths in snakemake.input.items():
    # as text: nothing is to be rounded or taken for a missing value on the way
    tables = [pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False) for path in paths]
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[name])
