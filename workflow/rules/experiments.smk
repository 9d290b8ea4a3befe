# Experiments: imbalanced draws from the real cohort, and the scalers fitted on them.
rule list_experiments:
    input:
        real="results/{study}/{selection}/cohorts/real.tsv.gz",
    output:
        experiments="results/{study}/{selection}/experiments.tsv",
    log:
        "logs/list_experiments/{study}.{selection}.log",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        experiments=setting("experiments"),
        classes=setting("classes"),
        seed=config["seed"],
    script:
        "../scripts/list_experiments.py"


rule draw_experiment:
    input:
        real="results/{study}/{selection}/cohorts/real.tsv.gz",
        # checks that all draws are possible; ancient, as another experiment does not change this one
        experiments=ancient("results/{study}/{selection}/experiments.tsv"),
    output:
        draw="results/{study}/{selection}/experiments/{experiment}/draw.tsv.gz",
    log:
        "logs/draw_experiment/{study}.{selection}.{experiment}.log",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        experiments=lambda wildcards: [
            (e.controls, e.imbalance)
            for e in PLAN.experiments_before(wildcards.study, wildcards.experiment)
        ],
        classes=setting("classes"),
        disjoint=setting("experiments", "disjoint"),
        seed=config["seed"],
    script:
        "../scripts/draw_experiment.py"


rule fit_scaler:
    input:
        samples="results/{study}/{selection}/experiments/{experiment}/draw.tsv.gz",
    output:
        scaler="results/{study}/{selection}/experiments/{experiment}/scaler.json",
    log:
        "logs/fit_scaler/{study}.{selection}.{experiment}.log",
    priority: 100
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        alpha=config["scaling"]["alpha"],
        unskewed=config["scaling"]["unskewed"],
        n_samples=None,
        seed=config["seed"],
    script:
        "../scripts/fit_scaler.py"


use rule fit_scaler as fit_external_scaler with:
    input:
        samples="results/{study}/{selection}/cohorts/external.tsv.gz",
    output:
        scaler="results/{study}/{selection}/scaler.external.json",
    log:
        "logs/fit_external_scaler/{study}.{selection}.log",
    params:
        alpha=config["scaling"]["alpha"],
        unskewed=config["scaling"]["unskewed"],
        n_samples=config["scaling"]["n_external"],
        seed=config["seed"],
