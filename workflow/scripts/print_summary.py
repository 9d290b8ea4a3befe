"""Print the table of mean scores per study and arm, and what was found amiss; for `make run`."""

import sys
from pathlib import Path

import pandas as pd

from evenomics.cohort_checks import warnings_of

path = Path(sys.argv[1])
summary = pd.read_csv(path, sep="\t")
print(summary.round(3).to_string(index=False))
for study, selection in summary[["study", "selection"]].drop_duplicates().to_numpy():
    findings = pd.read_csv(path.parent / study / selection / "findings.tsv", sep="\t")
    for line in warnings_of(findings):
        print(f"\nWARNING: {line}")
