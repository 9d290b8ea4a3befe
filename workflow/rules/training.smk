# GANs: per study and selection, one job of pre-training, and one that re-trains all GANs, or as many
# as `jobs_per_study` says.
rule pretrain:
    input:
        cohorts="<results>/{study}/{selection}/cohorts",
    output:
        pretraining=directory("<results>/{study}/{selection}/pretraining"),
    log:
        "<logs>/pretrain/{study}.{selection}.log",
    benchmark:
        "<benchmarks>/pretrain/{study}.{selection}.tsv"
    priority: 50
    conda:
        "../../envs/evenomics.yaml"
    # a core for each external cohort
    threads: pretraining_threads
    resources:
        mem_mb=REQUESTS.mem_mb("pretrain"),
        runtime=REQUESTS.runtime("pretrain"),
        local_cores=LOCAL_CORES,
        gpu=GPU,
    params:
        engine=config["engine"],
        # without what does not matter here, so that its change makes nothing anew
        gan=lambda wildcards: {
            key: setting("gan", key)(wildcards)
            for key in ("networks", "loss", "pretraining", "choice")
        },
        scaling=setting("scaling"),
        seed=config["seed"],
    message:
        "{wildcards.study}: pre-training"
    script:
        "../scripts/pretrain.py"


rule retrain:
    input:
        draws="<results>/{study}/{selection}/draws",
        pretraining=branch(
            lambda wildcards: PLAN.pretrains(wildcards.study),
            then="<results>/{study}/{selection}/pretraining",
        ),
    output:
        training=directory("<results>/{study}/{selection}/training{part}"),
    log:
        "<logs>/retrain/{study}.{selection}{part}.log",
    benchmark:
        "<benchmarks>/retrain/{study}.{selection}{part}.tsv"
    priority: 50
    conda:
        "../../envs/evenomics.yaml"
    # the GANs of all experiments of a replicate train in parallel, on the CPU engine with a core each
    threads: THREADS if PLAN.trains_on_cores else 1
    resources:
        mem_mb=REQUESTS.mem_mb("retrain"),
        runtime=REQUESTS.runtime("retrain"),
        gpu=GPU,
    params:
        draws=draws_of_part,
        splits=lambda wildcards: PLAN.splits(wildcards.study),
        in_folds=lambda wildcards: PLAN.trains_in_folds(wildcards.study),
        arms=lambda wildcards: PLAN.arms(wildcards.study, "gan"),
        alphas=setting("alphas"),
        classes=setting("classes"),
        engine=config["engine"],
        gan=setting("gan"),
        seed=config["seed"],
    message:
        "{wildcards.study}: re-training"
    script:
        "../scripts/retrain.py"
