"""Download a table that studies name by its address."""

import shutil
from pathlib import Path

from script_log import log_to

from evenomics.config.tables import downloads
from evenomics.data.download import fetch
from evenomics.files import replacing

log_to(snakemake.log[0])
options, checked = snakemake.config["download"], Path(snakemake.output.table)
table = downloads(snakemake.config["studies"])[checked.name]
# what was downloaded stays in the folder above; the output is a copy, with its time, so that what
# was made from it need not be made again
kept = fetch(
    table.address,
    checked.parents[1] / checked.name,
    sha256=table.sha256,
    attempts=options["attempts"],
    timeout=options["timeout"],
)
with replacing(checked) as temporary:
    shutil.copy2(kept, temporary)
