# GANs: per study and selection, one job of pre-training and one that re-trains all GANs.
rule pretrain:
    input:
        external="results/{study}/{selection}/cohorts/external.tsv.gz",
        scaler="results/{study}/{selection}/scaler.external.json",
    output:
        pretraining=directory("results/{study}/{selection}/pretraining"),
    log:
        "logs/pretrain/{study}.{selection}.log",
    benchmark:
        "benchmarks/pretrain/{study}.{selection}.tsv"
    priority: 50
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=GPU,
    params:
        engine=config["engine"],
        gan=config["gan"],
        seed=config["seed"],
    script:
        "../scripts/pretrain.py"


rule retrain:
    input:
        draws=of_experiments("draw.tsv.gz"),
        scalers=of_experiments("scaler.json"),
        pretraining=branch(
            PLAN.pretrains, then="results/{study}/{selection}/pretraining"
        ),
    output:
        training=directory("results/{study}/{selection}/training"),
    log:
        "logs/retrain/{study}.{selection}.log",
    benchmark:
        "benchmarks/retrain/{study}.{selection}.tsv"
    priority: 50
    conda:
        "../../envs/evenomics.yaml"
    # the GANs of all experiments train in parallel, on the CPU engine with one core each
    threads: (workflow.cores or 16) if PLAN.trains_on_cores else 1
    resources:
        # at 20,000 features: 400 MB per core, and 4 GB for the results of 40 GANs
        mem_mb=lambda wildcards, threads: 5000 + 400 * threads,
        runtime=1440,
        gpu=GPU,
    params:
        experiments=lambda wildcards: [
            e.name for e in PLAN.experiments(wildcards.study)
        ],
        arms=PLAN.gan_arms,
        alphas=config["alphas"],
        classes=setting("classes"),
        engine=config["engine"],
        gan=config["gan"],
        seed=config["seed"],
    script:
        "../scripts/retrain.py"
