# Training draws: imbalanced samples of the real cohort, and the scalers fitted on them.
rule draw_experiments:
    input:
        cohorts="<results>/{study}/{selection}/cohorts",
        # which samples are in the draws that are given
        given=branch(
            lambda wildcards: bool(setting("experiments", "given")(wildcards)),
            then="<results>/{study}/cohorts",
            otherwise=[],
        ),
    output:
        experiments="<results>/{study}/{selection}/experiments.tsv",
        draws=directory("<results>/{study}/{selection}/draws"),
    log:
        "<logs>/draw_experiments/{study}.{selection}.log",
    priority: 100
    group:
        "prepare"
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(30),
        local_cores=LOCAL_CORES,
    params:
        experiments=setting("experiments"),
        replicates=lambda wildcards: PLAN.replicates(wildcards.study),
        splits=lambda wildcards: PLAN.splits(wildcards.study),
        classes=setting("classes"),
        folds=setting("scoring", "folds"),
        in_folds=lambda wildcards: PLAN.trains_in_folds(wildcards.study),
        scaling=setting("scaling"),
        seed=config["seed"],
    message:
        "{wildcards.study}: training draws"
    script:
        "../scripts/draw_experiments.py"
