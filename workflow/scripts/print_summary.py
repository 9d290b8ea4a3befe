"""Print the table of mean scores per study and arm, and what was found amiss; for `make run`."""

import sys
from pathlib import Path

from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.files import read_table
from evenomics.preparation.cohort_checks import warnings_of

path = Path(sys.argv[1])
summary = read_table(path, numbers=CLASSIFIERS)
print(summary.round(3).to_string(index=False))
for study, selection in summary[["study", "selection"]].drop_duplicates().to_numpy():
    findings = read_table(path.parent / study / selection / "findings.tsv")
    for line in warnings_of(findings):
        print(f"\nWARNING: {line}")
