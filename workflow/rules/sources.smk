# Cohorts that do not come as tables: a source imports them as tables of one form, which load_cohorts
# reads (`sample_id`, `class` and, where a study knows them, `group`, then the features).
#
# What is downloaded stays in resources/geo, also what was put there by hand: Snakemake removes the
# output of a rule before it runs again, so the output is a copy, made when the checksum was right.
# Mirror and patience are no params, because another one of them is no reason to run again.
#
# Tables with an address are downloaded in the same way, into resources/tables. The name of the file
# tells the checksum and not the address, so that studies that share a table download it once.
rule download_table:
    output:
        table="<resources>/tables/checked/{table}",
    log:
        "<logs>/download_table/{table}.log",
    benchmark:
        "<benchmarks>/download_table/{table}.tsv"
    wildcard_constraints:
        table=r"[0-9a-f]{12}\.[A-Za-z0-9_.-]+",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(120),
    message:
        "download of {wildcards.table}"
    script:
        "../scripts/download_table.py"


rule download_geo_series:
    output:
        series="<resources>/geo/checked/{accession}.{platform}.series.gz",
    log:
        "<logs>/download_geo_series/{accession}.{platform}.log",
    benchmark:
        "<benchmarks>/download_geo_series/{accession}.{platform}.tsv"
    wildcard_constraints:
        accession=r"G(SE|DS)\d+",
        platform=r"GPL\d+|any",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(120),
    message:
        "download of {wildcards.accession}"
    script:
        "../scripts/download_geo.py"


rule download_geo_platform:
    output:
        platform="<resources>/geo/checked/{platform}.table.gz",
    log:
        "<logs>/download_geo_platform/{platform}.log",
    benchmark:
        "<benchmarks>/download_geo_platform/{platform}.tsv"
    wildcard_constraints:
        platform=r"GPL\d+",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(120),
    message:
        "download of {wildcards.platform}"
    script:
        "../scripts/download_geo.py"


rule list_geo_samples:
    output:
        samples="<results>/{study}/imported/{cohort}.samples.txt",
    log:
        "<logs>/list_geo_samples/{study}.{cohort}.log",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(60),
    params:
        query=lambda wildcards: spec_of(wildcards)["samples_query"],
    message:
        "{wildcards.study}: samples of the {wildcards.cohort} cohort in GEO"
    script:
        "../scripts/download_geo.py"


rule read_geo:
    input:
        unpack(geo_files),
    output:
        table="<results>/{study}/imported/{cohort}.tsv.gz",
        report="<results>/{study}/imported/{cohort}.report.tsv",
    log:
        "<logs>/read_geo/{study}.{cohort}.log",
    benchmark:
        "<benchmarks>/read_geo/{study}.{cohort}.tsv"
    wildcard_constraints:
        study=one_of(PLAN.from_source("geo")),
    priority: 100
    conda:
        "../../envs/geoquery.yaml"
    threads: 1
    resources:
        mem_mb=scaled(8000),
        runtime=scaled(60),
    params:
        spec=lambda wildcards: spec_of(wildcards)
        | {"labelled": wildcards.cohort != "external"},
    message:
        "{wildcards.study}: {wildcards.cohort} cohort from GEO"
    script:
        "../scripts/geo_cohort.R"


rule read_rdata:
    input:
        lambda wildcards: users_own([spec_of(wildcards)["path"]]),
    output:
        table="<results>/{study}/imported/{cohort}.tsv.gz",
    log:
        "<logs>/read_rdata/{study}.{cohort}.log",
    benchmark:
        "<benchmarks>/read_rdata/{study}.{cohort}.tsv"
    wildcard_constraints:
        study=one_of(PLAN.from_source("rdata")),
    priority: 100
    conda:
        "../../envs/rdata.yaml"
    threads: 1
    resources:
        mem_mb=scaled(8000),
        runtime=scaled(60),
    params:
        spec=spec_of,
    message:
        "{wildcards.study}: {wildcards.cohort} cohort from R"
    script:
        "../scripts/read_rdata.py"


rule simulate_umpire:
    output:
        real="<results>/{study}/imported/real.tsv.gz",
        external="<results>/{study}/imported/external.tsv.gz",
        validation="<results>/{study}/imported/validation.tsv.gz",
    log:
        "<logs>/simulate_umpire/{study}.log",
    benchmark:
        "<benchmarks>/simulate_umpire/{study}.tsv"
    wildcard_constraints:
        study=one_of(PLAN.from_source("umpire")),
    priority: 100
    conda:
        "../../envs/umpire.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        cohorts=setting("cohorts"),
        classes=setting("classes"),
        seed=config["seed"],
    message:
        "{wildcards.study}: simulation by Umpire"
    script:
        "../scripts/umpire.R"
