# Figures and pages of the data: cohorts, harmonisation, selection of features, gene sets.
rule plot_expression:
    input:
        expression="results/{study}/{selection}/selection/expression.tsv",
        real="results/{study}/{selection}/cohorts/real.tsv.gz",
    output:
        svg=report(
            "results/{study}/{selection}/figures/expression.svg",
            caption="../report/expression.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("4. Differential expression", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/expression.png",
    log:
        "logs/plot_expression/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        classes=setting("classes"),
    script:
        "../scripts/plot.py"


rule plot_stability:
    input:
        features="results/{study}/{selection}/selection/features.tsv",
        repeats="results/{study}/{selection}/selection/repeats.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/stability.svg",
            caption="../report/stability.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("5. LASSO and elastic net", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/stability.png",
    log:
        "logs/plot_stability/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/plot.py"


rule plot_enrichment:
    input:
        enrichment="results/{study}/{selection}/selection/enrichment.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/enrichment.svg",
            caption="../report/enrichment.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("6. Gene sets", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/enrichment.png",
    log:
        "logs/plot_enrichment/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        level=config["comparison"]["level"],
    script:
        "../scripts/plot.py"


rule write_enrichment_page:
    input:
        enrichment="results/{study}/{selection}/selection/enrichment.tsv",
    output:
        page=report(
            "results/{study}/{selection}/tables/enrichment.html",
            caption="../report/table_enrichment.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("7. Table of gene sets", experiment="all"),
        ),
    log:
        "logs/write_enrichment_page/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/write_pages.py"


rule plot_shift:
    input:
        shift="results/{study}/{selection}/shift.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/shift.svg",
            caption="../report/shift.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("2. Shift between cohorts", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/shift.png",
    log:
        "logs/plot_shift/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        checks=config["checks"],
    script:
        "../scripts/plot.py"


rule plot_harmonise:
    input:
        real_before="results/{study}/aligned/cohorts/real.tsv.gz",
        external_before="results/{study}/aligned/cohorts/external.tsv.gz",
        validation_before="results/{study}/aligned/cohorts/validation.tsv.gz",
        real_after="results/{study}/none/cohorts/real.tsv.gz",
        external_after="results/{study}/none/cohorts/external.tsv.gz",
        validation_after="results/{study}/none/cohorts/validation.tsv.gz",
    output:
        svg=report(
            "results/{study}/{selection}/figures/harmonise.svg",
            caption="../report/harmonise.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels(
                "3. Cohorts before and after harmonisation", experiment="all"
            ),
        ),
        png="results/{study}/{selection}/figures/harmonise.png",
    log:
        "logs/plot_harmonise/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        classes=setting("classes"),
        method=setting("harmonise"),
    script:
        "../scripts/plot.py"


rule describe_data:
    input:
        loaded=expand("results/{{study}}/cohorts/{cohort}.tsv.gz", cohort=COHORTS),
        used=expand(
            "results/{{study}}/{{selection}}/cohorts/{cohort}.tsv.gz", cohort=COHORTS
        ),
        experiments="results/{study}/{selection}/experiments.tsv",
        tuning="results/{study}/{selection}/tuning.tsv",
    output:
        data="results/{study}/{selection}/data.tsv",
        page=report(
            "results/{study}/{selection}/tables/data.html",
            caption="../report/table_data.rst",
            category=STUDY,
            subcategory=DATA,
            labels=labels("1. Cohorts, experiments, settings", experiment="all"),
        ),
    log:
        "logs/describe_data/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        study=lambda wildcards: config["studies"][wildcards.study],
        gan=config["gan"],
        selection=config["selection"],
        scaling=config["scaling"],
    script:
        "../scripts/describe_data.py"
