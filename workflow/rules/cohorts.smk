# The three cohorts of a study: loaded, checked, brought to the same features. Ahead of everything
# else, so that mistakes in a table come to light before anything is trained.
rule load_cohorts:
    input:
        lambda wildcards: table_paths(config["studies"][wildcards.study]["cohorts"]),
    output:
        real="results/{study}/cohorts/real.tsv.gz",
        external="results/{study}/cohorts/external.tsv.gz",
        validation="results/{study}/cohorts/validation.tsv.gz",
    log:
        "logs/load_cohorts/{study}.log",
    benchmark:
        "benchmarks/load_cohorts/{study}.tsv"
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        cohorts=setting("cohorts"),
        classes=setting("classes"),
        seed=config["seed"],
    script:
        "../scripts/load_cohorts.py"


rule align_cohorts:
    input:
        real="results/{study}/cohorts/real.tsv.gz",
        external="results/{study}/cohorts/external.tsv.gz",
        validation="results/{study}/cohorts/validation.tsv.gz",
    output:
        real="results/{study}/none/cohorts/real.tsv.gz",
        external="results/{study}/none/cohorts/external.tsv.gz",
        validation="results/{study}/none/cohorts/validation.tsv.gz",
    log:
        "logs/align_cohorts/{study}.none.log",
    benchmark:
        "benchmarks/align_cohorts/{study}.none.tsv"
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    script:
        "../scripts/align_cohorts.py"
