# Scores of every arm on every draw: one job per study and selection, or as many as `jobs_per_study`.
rule score_arms:
    input:
        draws="<results>/{study}/{selection}/draws",
        cohorts="<results>/{study}/{selection}/cohorts",
        training=branch(
            lambda wildcards: PLAN.trains(wildcards.study),
            then="<results>/{study}/{selection}/training{part}"
        ),
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
        arms=setting("arms"),
        samplers=setting("samplers"),
        grid=lambda wildcards: {
            key: setting(key)(wildcards)
            for key in ("alphas", "multipliers", "bandwidths")
        },
        tuning=setting("scoring", "tuning"),
        scoring=lambda wildcards: {
            "classes": setting("classes")(wildcards),
            "classifiers": setting("scoring", "classifiers")(wildcards),
            "repeats": setting("scoring", "repeats")(wildcards),
            "seed": config["seed"],
            "networks": setting("gan", "networks")(wildcards),
        },
    message:
        "{wildcards.study}: scoring"
    script:
        "../scripts/score_arms.py"
