# Scores of every arm on every draw: one job per study and selection, or as many as `jobs_per_study`.
rule score_arms:
    input:
        draws="<results>/{study}/{selection}/draws",
        cohorts="<results>/{study}/{selection}/cohorts",
        training=branch(
            lambda wildcards: PLAN.trains(wildcards.study),
            then="<results>/{study}/{selection}/training{part}",
        ),
        hyper_parameters=lambda wildcards: users_own(
            [setting("scoring", "hyper_parameters")(wildcards)]
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
        # by the name that tables of the paper's scores have for it
        study=lambda wildcards: setting("published_as")(wildcards) or wildcards.study,
        draws=draws_of_part,
        splits=lambda wildcards: PLAN.splits(wildcards.study),
        arms=setting("arms"),
        samplers=setting("samplers"),
        grid=lambda wildcards: {
            key: setting(key)(wildcards)
            for key in ("alphas", "multipliers", "bandwidths")
        },
        scoring=lambda wildcards: {
            **setting("scoring")(wildcards),
            "classes": setting("classes")(wildcards),
            "seed": config["seed"],
            "networks": setting("gan", "networks")(wildcards),
        },
    message:
        "{wildcards.study}: scoring"
    script:
        "../scripts/score_arms.py"
