# Scores of every arm on every draw: one job per study and selection, or as many as `jobs_per_study`.
rule score_arms:
    input:
        draws="<results>/{study}/{selection}/draws",
        cohorts="<results>/{study}/{selection}/cohorts",
        training=branch(
            bool(PLAN.gan_arms), then="<results>/{study}/{selection}/training{part}"
        ),
        hyper_parameters=users_own([config["scoring"]["hyper_parameters"]]),
    output:
        scored=directory("<results>/{study}/{selection}/scored{part}"),
    log:
        "<logs>/score_arms/{study}.{selection}{part}.log",
    benchmark:
        "<benchmarks>/score_arms/{study}.{selection}{part}.tsv"
    conda:
        "../../envs/evenomics.yaml"
    threads: THREADS
    resources:
        mem_mb=REQUESTS.mem_mb("score_arms"),
        runtime=REQUESTS.runtime("score_arms"),
    params:
        draws=draws_of_part,
        splits=lambda wildcards: PLAN.splits(wildcards.study),
        arms=config["arms"],
        samplers=config["samplers"],
        grid={key: config[key] for key in ("alphas", "multipliers", "bandwidths")},
        scoring=lambda wildcards: {
            **config["scoring"],
            "classes": setting("classes")(wildcards),
            "seed": config["seed"],
            "hidden": config["gan"]["networks"]["hidden"],
        },
    message:
        "{wildcards.study}: scoring"
    script:
        "../scripts/score_arms.py"
