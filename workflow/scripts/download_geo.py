"""Download what a rule asks for: a series or data set, a platform, or a list of samples of GEO."""

from script_log import log_to

from evenomics.download import fetch_first
from evenomics.geo import platform_files, sample_accessions, series_files
from evenomics.tables import replacing

log_to(snakemake.log[0])
wildcards, output, options = snakemake.wildcards, snakemake.output, snakemake.params.download
patience = {name: options[name] for name in ("attempts", "timeout")}
if output.get("series"):
    platform = None if wildcards.platform == "any" else wildcards.platform
    urls = series_files(wildcards.accession, platform, options["mirror"])
    fetch_first(urls, output.series, **patience)
elif output.get("platform"):
    urls = platform_files(wildcards.platform, options["mirror"], options["platform_tables"])
    fetch_first(urls, output.platform, **patience)
else:
    samples = sample_accessions(snakemake.params.query, entrez=options["entrez"], **patience)
    with replacing(output.samples) as temporary:
        temporary.write_text("".join(f"{sample}\n" for sample in samples))
