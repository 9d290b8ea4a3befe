# What the rules of sources need to know of the files of a cohort.


def geo_files(wildcards):
    """Files of a GEO cohort: local files of the config, others by download."""
    spec, folder = spec_of(wildcards), "<resources>/geo/checked"
    platforms = listed(spec["platform"])
    series = [f"{spec['accession']}.{name}.series.gz" for name in platforms or ["any"]]
    files = {
        "series": users_own(listed(spec["file"]))
        or [f"{folder}/{name}" for name in series]
    }
    if spec["platform_file"]:
        files["platform"] = users_own(listed(spec["platform_file"]))
    elif platforms and not spec["file"] and spec["symbol_column"] != "none":
        files["platform"] = [f"{folder}/{name}.table.gz" for name in platforms]
    if spec["samples_query"]:
        files["samples"] = (
            f"<results>/{wildcards.study}/imported/{wildcards.cohort}.samples.txt"
        )
    return files
