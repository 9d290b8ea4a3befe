"""Write the HTML pages that the outputs are named after."""

from pathlib import Path

from script_log import log_to

from evenomics.report.pages.catalogue import PAGES

log_to(snakemake.log[0])
settings = dict([*snakemake.params.items(), *snakemake.wildcards.items()])
for path in map(Path, snakemake.output):
    path.write_text(PAGES[path.stem](snakemake.input, settings), encoding="ascii")
