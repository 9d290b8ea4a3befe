# The three cohorts of a study: loaded, checked, brought to the same features and, if the study asks
# for it, harmonised. They run before everything else, so that mistakes in a table are reported before
# any training.
rule load_cohorts:
    input:
        lambda wildcards: users_own(
            table_paths(config["studies"][wildcards.study]["cohorts"])
        ),
        unpack(imported_cohorts),
    output:
        real="<results>/{study}/cohorts/real.tsv.gz",
        external="<results>/{study}/cohorts/external.tsv.gz",
        validation="<results>/{study}/cohorts/validation.tsv.gz",
    log:
        "<logs>/load_cohorts/{study}.log",
    benchmark:
        "<benchmarks>/load_cohorts/{study}.tsv"
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        cohorts=setting("cohorts"),
        classes=setting("classes"),
        seed=config["seed"],
    message:
        "{wildcards.study}: cohorts"
    script:
        "../scripts/load_cohorts.py"


rule align_cohorts:
    input:
        real="<results>/{study}/cohorts/real.tsv.gz",
        external="<results>/{study}/cohorts/external.tsv.gz",
        validation="<results>/{study}/cohorts/validation.tsv.gz",
    output:
        real="<results>/{study}/{aligned}/cohorts/real.tsv.gz",
        external="<results>/{study}/{aligned}/cohorts/external.tsv.gz",
        validation="<results>/{study}/{aligned}/cohorts/validation.tsv.gz",
    log:
        "<logs>/align_cohorts/{study}.{aligned}.log",
    benchmark:
        "<benchmarks>/align_cohorts/{study}.{aligned}.tsv"
    wildcard_constraints:
        aligned="aligned|none",
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(30),
    message:
        "{wildcards.study}: common features of the cohorts"
    script:
        "../scripts/align_cohorts.py"


rule harmonise:
    input:
        real="<results>/{study}/aligned/cohorts/real.tsv.gz",
        external="<results>/{study}/aligned/cohorts/external.tsv.gz",
        validation="<results>/{study}/aligned/cohorts/validation.tsv.gz",
    output:
        real="<results>/{study}/none/cohorts/real.tsv.gz",
        external="<results>/{study}/none/cohorts/external.tsv.gz",
        validation="<results>/{study}/none/cohorts/validation.tsv.gz",
    log:
        "<logs>/harmonise/{study}.log",
    wildcard_constraints:
        study=one_of(PLAN.harmonised("zscore", "quantile")),
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
    params:
        method=setting("harmonise"),
    message:
        "{wildcards.study}: harmonising"
    script:
        "../scripts/harmonise.py"


rule combat:
    input:
        real="<results>/{study}/aligned/cohorts/real.tsv.gz",
        external="<results>/{study}/aligned/cohorts/external.tsv.gz",
        validation="<results>/{study}/aligned/cohorts/validation.tsv.gz",
    output:
        real="<results>/{study}/none/cohorts/real.tsv.gz",
        external="<results>/{study}/none/cohorts/external.tsv.gz",
        validation="<results>/{study}/none/cohorts/validation.tsv.gz",
    log:
        "<logs>/combat/{study}.log",
    wildcard_constraints:
        study=one_of(PLAN.harmonised("combat")),
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/sva.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
    message:
        "{wildcards.study}: harmonising by ComBat"
    script:
        "../scripts/combat.R"


# Warnings about shifted cohorts, before any training.
rule check_cohorts:
    input:
        before=lambda wildcards: expand(
            "<results>/{study}/{stage}/cohorts/{cohort}.tsv.gz",
            study=wildcards.study,
            stage="aligned" if wildcards.study in PLAN.harmonised() else "none",
            cohort=COHORTS,
        ),
        used=expand(
            "<results>/{{study}}/{{selection}}/cohorts/{cohort}.tsv.gz", cohort=COHORTS
        ),
    output:
        shift="<results>/{study}/{selection}/shift.tsv",
        findings="<results>/{study}/{selection}/findings.tsv",
    log:
        "<logs>/check_cohorts/{study}.{selection}.log",
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
        local_cores=LOCAL_CORES,
    params:
        harmonise=setting("harmonise"),
        checks=config["checks"],
        # the external cohort is used only for pre-training
        watched=["validation"] + ["external"] * PLAN.pretrains,
    message:
        "{wildcards.study}: shift between cohorts"
    script:
        "../scripts/check_cohorts.py"


ruleorder: combat > harmonise > align_cohorts
