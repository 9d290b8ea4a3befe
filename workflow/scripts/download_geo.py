"""Download what a rule asks for: a series or data set, a platform, or a list of samples of GEO."""

import shutil
from pathlib import Path

from script_log import log_to

from evenomics.data.download import fetch_first
from evenomics.data.geo import platform_files, sample_accessions, series_files
from evenomics.files import replacing, write_text

log_to(snakemake.log[0])
wildcards, output, params = snakemake.wildcards, snakemake.output, snakemake.params
options = snakemake.config["download"]
patience = {name: options[name] for name in ("attempts", "timeout")}
if output.get("samples"):
    samples = sample_accessions(params.query, entrez=options["entrez"], **patience)
    write_text(output.samples, "".join(f"{sample}\n" for sample in samples))
else:
    if output.get("series"):
        platform = None if wildcards.platform == "any" else wildcards.platform
        urls = series_files(wildcards.accession, platform, options["mirror"])
    else:
        urls = platform_files(wildcards.platform, options["mirror"], options["platform_tables"])
    # what was downloaded stays in the folder above; the output is a copy, with its time, so that
    # what was made from it need not be made again
    checked = Path(output[0])
    kept = fetch_first(urls, checked.parents[1] / checked.name, **patience)
    with replacing(checked) as temporary:
        shutil.copy2(kept, temporary)
