# The three cohorts of a study, those of all replicates in one folder: loaded, checked, brought to the
# same features and, if the study asks for it, harmonised. They run before everything else, so that
# mistakes in a table are reported before any training.
rule load_cohorts:
    input:
        unpack(cohort_tables),
        unpack(imported_cohorts),
    output:
        cohorts=directory("<results>/{study}/cohorts"),
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
        given=setting("experiments", "given"),
        classes=setting("classes"),
        seed=config["seed"],
    message:
        "{wildcards.study}: cohorts"
    script:
        "../scripts/load_cohorts.py"


rule align_cohorts:
    input:
        cohorts="<results>/{study}/cohorts",
    output:
        cohorts=directory("<results>/{study}/{aligned}/cohorts"),
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
        cohorts="<results>/{study}/aligned/cohorts",
    output:
        cohorts=directory("<results>/{study}/none/cohorts"),
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
        cohorts="<results>/{study}/aligned/cohorts",
    output:
        cohorts=directory("<results>/{study}/none/cohorts"),
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
        before=branch(
            lambda wildcards: wildcards.study in PLAN.harmonised(),
            then="<results>/{study}/aligned/cohorts",
            otherwise="<results>/{study}/none/cohorts",
        ),
        used="<results>/{study}/{selection}/cohorts",
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
    params:
        harmonise=setting("harmonise"),
        checks=config["checks"],
        # the external cohort is used only for pre-training
        watched=lambda wildcards: (
            ["validation"] + ["external"] * PLAN.pretrains(wildcards.study)
        ),
    message:
        "{wildcards.study}: shift between cohorts"
    script:
        "../scripts/check_cohorts.py"


ruleorder: combat > harmonise > align_cohorts
