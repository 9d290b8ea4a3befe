# Scores of every arm in every experiment, the tables made of them, and run times.


rule score_arm:
    input:
        draw="results/{study}/{selection}/experiments/{experiment}/draw.tsv.gz",
        scaler="results/{study}/{selection}/experiments/{experiment}/scaler.json",
        validation="results/{study}/{selection}/cohorts/validation.tsv.gz",
        training=branch(
            lambda wildcards: wildcards.arm in PLAN.gan_arms,
            then="results/{study}/{selection}/training",
        ),
    output:
        scores="results/{study}/{selection}/experiments/{experiment}/arms/{arm}/scores.tsv",
        tuning="results/{study}/{selection}/experiments/{experiment}/arms/{arm}/tuning.tsv",
        roc="results/{study}/{selection}/experiments/{experiment}/arms/{arm}/roc.tsv",
        generated="results/{study}/{selection}/experiments/{experiment}/arms/{arm}/generated.tsv.gz",
    log:
        "logs/score_arm/{study}.{selection}.{experiment}.{arm}.log",
    benchmark:
        "benchmarks/score_arm/{study}.{selection}.{experiment}.{arm}.tsv"
    wildcard_constraints:
        arm=one_of(arm for arm in config["arms"] if arm not in PLAN.expanding_arms),
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=360,
    params:
        classes=setting("classes"),
        alphas=config["alphas"],
        multipliers=config["multipliers"],
        scoring=config["scoring"],
        seed=config["seed"],
    script:
        "../scripts/score_arm.py"


# The longest jobs start first, so that no core is idle at the end. These have the largest training
# sets and the most settings.
use rule score_arm as score_expanding_arm with:
    wildcard_constraints:
        arm=one_of(PLAN.expanding_arms),
    priority: 10


rule gather_scores:
    input:
        scores=of_arms("scores.tsv"),
        tuning=of_arms("tuning.tsv"),
        roc=of_arms("roc.tsv"),
    output:
        scores="results/{study}/{selection}/scores.tsv.gz",
        tuning="results/{study}/{selection}/tuning.tsv",
        roc="results/{study}/{selection}/roc.tsv.gz",
    log:
        "logs/gather_scores/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    script:
        "../scripts/gather_scores.py"


rule compare_arms:
    input:
        scores="results/{study}/{selection}/scores.tsv.gz",
    output:
        summary="results/{study}/{selection}/summary.tsv",
        comparison="results/{study}/{selection}/comparison.tsv",
    log:
        "logs/compare_arms/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        metric=config["comparison"]["metric"],
    script:
        "../scripts/compare_arms.py"


rule summarise_studies:
    input:
        of_studies("summary.tsv"),
    output:
        summary="results/summary.tsv",
    log:
        "logs/summarise_studies.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        metric=config["comparison"]["metric"],
    script:
        "../scripts/summarise_studies.py"


rule gather_timings:
    input:
        benchmarks=lambda wildcards: PLAN.benchmarks(
            wildcards.study, wildcards.selection
        ),
        pretraining=branch(
            PLAN.pretrains, then="results/{study}/{selection}/pretraining"
        ),
        training=branch(
            bool(PLAN.gan_arms), then="results/{study}/{selection}/training"
        ),
    output:
        timings="results/{study}/{selection}/timings.tsv",
    log:
        "logs/gather_timings/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/gather_timings.py"
