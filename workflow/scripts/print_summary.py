"""Print the table of mean scores per study and arm; for `make run`."""

import sys

from evenomics.classifiers import CLASSIFIERS
from evenomics.tables import read_back

summary = read_back(sys.argv[1], numbers=CLASSIFIERS)
print(summary.round(3).to_string(index=False))
