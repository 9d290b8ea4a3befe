# Feature selection on the real cohort. Each selection has a branch: results/{study}/{selection}.
rule test_expression:
    input:
        # all features of the real cohort, as in the paper; if cohorts are harmonised, only those
        # that all three have
        cohorts=branch(
            lambda wildcards: wildcards.study in PLAN.harmonised(),
            then="<results>/{study}/none/cohorts",
            otherwise="<results>/{study}/cohorts",
        ),
    output:
        table="<results>/{study}/{selection}/selection/expression.tsv",
    log:
        "<logs>/test_expression/{study}.{selection}.log",
    benchmark:
        "<benchmarks>/test_expression/{study}.{selection}.tsv"
    wildcard_constraints:
        selection=one_of(selections_ending_in("deg")),
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/limma.yaml"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
    params:
        classes=setting("classes"),
    message:
        "{wildcards.study}: differential expression"
    script:
        "../scripts/limma.R"


rule select_deg:
    input:
        cohorts=cohorts_before,
        table="<results>/{study}/{selection}/selection/expression.tsv",
    output:
        cohorts=directory("<results>/{study}/{selection}/cohorts"),
    log:
        "<logs>/select_deg/{study}.{selection}.log",
    wildcard_constraints:
        selection=one_of(selections_ending_in("deg")),
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
        n_features=setting("selection", "deg", "n_features"),
    message:
        "{wildcards.study}: differentially expressed features"
    script:
        "../scripts/select_deg.py"


rule select_stable:
    input:
        cohorts=cohorts_before,
    output:
        features="<results>/{study}/{selection}/selection/features.tsv",
        repeats="<results>/{study}/{selection}/selection/repeats.tsv",
        cohorts=directory("<results>/{study}/{selection}/cohorts"),
    log:
        "<logs>/select_stable/{study}.{selection}.log",
    benchmark:
        "<benchmarks>/select_stable/{study}.{selection}.tsv"
    wildcard_constraints:
        selection=one_of(selections_ending_in("lasso_en")),
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: THREADS
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(240),
    params:
        classes=setting("classes"),
        options=setting("selection", "lasso_en"),
        seed=config["seed"],
    message:
        "{wildcards.study}: LASSO and elastic net"
    script:
        "../scripts/select_stable.py"


rule enrich:
    input:
        selected="<results>/{study}/{selection}/cohorts",
        measured="<results>/{study}/none/cohorts",
        gene_sets=lambda wildcards: (
            users_own(gene_set_paths(enrichment))
            if (enrichment := setting("enrichment")(wildcards))["source"] == "local"
            else []
        ),
    output:
        table="<results>/{study}/{selection}/selection/enrichment.tsv",
    log:
        "<logs>/enrich/{study}.{selection}.log",
    conda:
        "../../envs/enrichment.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        source=setting("enrichment", "source"),
        libraries=setting("enrichment", "libraries"),
        min_size=setting("enrichment", "min_size"),
        max_size=setting("enrichment", "max_size"),
    message:
        "{wildcards.study}: gene sets"
    script:
        "../scripts/enrich.py"
