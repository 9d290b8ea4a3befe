"""Print the table of mean scores per study and arm; for `make run`."""

import sys

import pandas as pd

summary = pd.read_csv(sys.argv[1], sep="\t")
print(summary.round(3).to_string(index=False))
