# Scores of every arm in every experiment: one job per study and selection.
rule score_arms:
    input:
        draws="<results>/{study}/{selection}/draws",
        validation="<results>/{study}/{selection}/cohorts/validation.tsv.gz",
        training=branch(
            bool(PLAN.gan_arms), then="<results>/{study}/{selection}/training"
        ),
    output:
        scores="<results>/{study}/{selection}/scores.tsv.gz",
        tuning="<results>/{study}/{selection}/tuning.tsv",
        roc="<results>/{study}/{selection}/roc.tsv.gz",
        seconds="<results>/{study}/{selection}/scoring_seconds.tsv",
        generated=directory("<results>/{study}/{selection}/generated"),
    log:
        "<logs>/score_arms/{study}.{selection}.log",
    benchmark:
        "<benchmarks>/score_arms/{study}.{selection}.tsv"
    conda:
        "../../envs/evenomics.yaml"
    threads: THREADS
    resources:
        mem_mb=REQUESTS.mem_mb("score_arms"),
        runtime=REQUESTS.runtime("score_arms"),
    params:
        experiments=experiment_names,
        arms=config["arms"],
        classes=setting("classes"),
        grid={key: config[key] for key in ("alphas", "multipliers", "bandwidths")},
        samplers=config["samplers"],
        settings={
            "seed": config["seed"],
            "hidden": config["gan"]["networks"]["hidden"],
            **config["scoring"],
        },
    message:
        "{wildcards.study}: scoring"
    script:
        "../scripts/score_arms.py"
