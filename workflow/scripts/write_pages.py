"""Write the HTML pages that the outputs are named after."""

from pathlib import Path

from script_log import log_to

from evenomics.files import write_text
from evenomics.report.pages.catalogue import PAGES

log_to(snakemake.log[0])
settings = dict([*snakemake.params.items(), *snakemake.wildcards.items()])
for path in snakemake.output:
    write_text(path, PAGES[Path(path).stem](snakemake.input, settings))
