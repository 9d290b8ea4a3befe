"""Print how near the scores of a run are to the published ones. Called with a folder of results.

The last line is of the run at the published hyper-parameters, the one before of our own tuning.
"""

import sys
from pathlib import Path

WORKFLOW = Path(__file__).parents[1]
sys.path.insert(0, str(WORKFLOW))

from evenomics.evaluation.reproduction import agreement_lines  # noqa: E402
from evenomics.files import read_table  # noqa: E402

table = Path(sys.argv[1], "reproduction.tsv")
if not table.is_file():
    sys.exit(f"{table}: there is no such file; no study of the config has `published_as`")
print("", *agreement_lines(read_table(table)), sep="\n")
