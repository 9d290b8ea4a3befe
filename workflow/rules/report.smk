# Figures, HTML tables and the summary page. Everything is drawn from the tables that are exported.
rule plot_scores:
    input:
        summary="results/{study}/{selection}/summary.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/scores.svg",
            caption="../report/scores.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("1. Scores of every arm (box figure)", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/scores.png",
    log:
        "logs/plot_scores/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        metric=config["comparison"]["metric"],
    script:
        "../scripts/plot.py"


use rule plot_scores as plot_twins with:
    output:
        svg=report(
            "results/{study}/{selection}/figures/twins.svg",
            caption="../report/twins.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("5. GANs and their classic twins", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/twins.png",
    log:
        "logs/plot_twins/{study}.{selection}.log",
    params:
        metric=config["comparison"]["metric"],
        twins=PLAN.twins,


rule plot_multipliers:
    input:
        summary="results/{study}/{selection}/summary.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/multipliers.svg",
            caption="../report/multipliers.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("6. Scores by multiplier", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/multipliers.png",
    log:
        "logs/plot_multipliers/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        metric=config["comparison"]["metric"],
    script:
        "../scripts/plot.py"


rule plot_comparison:
    input:
        comparison="results/{study}/{selection}/comparison.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/comparison.svg",
            caption="../report/comparison.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("2. Differences from the references", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/comparison.png",
    log:
        "logs/plot_comparison/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        metric=config["comparison"]["metric"],
        level=config["comparison"]["level"],
    script:
        "../scripts/plot.py"


rule plot_roc:
    input:
        roc="results/{study}/{selection}/roc.tsv.gz",
        summary="results/{study}/{selection}/summary.tsv",
    output:
        svg=report(
            "results/{study}/{selection}/figures/roc.{experiment}.svg",
            caption="../report/roc.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("7. ROC curves", experiment="{experiment}"),
        ),
        png="results/{study}/{selection}/figures/roc.{experiment}.png",
    log:
        "logs/plot_roc/{study}.{selection}.{experiment}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/plot.py"


rule plot_samples:
    input:
        draw="results/{study}/{selection}/experiments/{experiment}/draw.tsv.gz",
        scaler="results/{study}/{selection}/experiments/{experiment}/scaler.json",
        generated=expand(
            "results/{{study}}/{{selection}}/experiments/{{experiment}}/arms/{arm}/generated.tsv.gz",
            arm=PLAN.sampling_arms,
        ),
    output:
        svg=report(
            "results/{study}/{selection}/figures/samples.{experiment}.svg",
            caption="../report/samples.rst",
            category=STUDY,
            subcategory="3. Samples",
            labels=labels(
                "Real and generated samples (PCA)", experiment="{experiment}"
            ),
        ),
        png="results/{study}/{selection}/figures/samples.{experiment}.png",
    log:
        "logs/plot_samples/{study}.{selection}.{experiment}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        arms=PLAN.sampling_arms,
        classes=lambda wildcards: config["studies"][wildcards.study]["classes"],
    script:
        "../scripts/plot.py"


rule plot_pretraining:
    input:
        pretraining="results/{study}/{selection}/pretraining",
    output:
        svg=report(
            "results/{study}/{selection}/figures/pretraining.svg",
            caption="../report/pretraining.rst",
            category=STUDY,
            subcategory="2. Training",
            labels=labels("3. Pre-training curves", experiment="all"),
        ),
        png="results/{study}/{selection}/figures/pretraining.png",
    log:
        "logs/plot_pretraining/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/plot.py"


rule plot_training:
    input:
        training="results/{study}/{selection}/training",
    output:
        svg=report(
            "results/{study}/{selection}/figures/training.{experiment}.svg",
            caption="../report/training.rst",
            category=STUDY,
            subcategory="2. Training",
            labels=labels("1. Training curves", experiment="{experiment}"),
        ),
        png="results/{study}/{selection}/figures/training.{experiment}.png",
    log:
        "logs/plot_training/{study}.{selection}.{experiment}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        curve=config["gan"]["choice"]["curve"],
        cuts=[config["gan"]["choice"][key] for key in ("cut_above", "cut_below")],
    script:
        "../scripts/plot.py"


use rule plot_training as plot_distance with:
    output:
        svg=report(
            "results/{study}/{selection}/figures/distance.{experiment}.svg",
            caption="../report/training.rst",
            category=STUDY,
            subcategory="2. Training",
            labels=labels(
                "2. Distance to held-out samples", experiment="{experiment}"
            ),
        ),
        png="results/{study}/{selection}/figures/distance.{experiment}.png",
    log:
        "logs/plot_distance/{study}.{selection}.{experiment}.log",


rule write_pages:
    input:
        summary="results/{study}/{selection}/summary.tsv",
        comparison="results/{study}/{selection}/comparison.tsv",
        timings="results/{study}/{selection}/timings.tsv",
    output:
        scores=report(
            "results/{study}/{selection}/tables/scores.html",
            caption="../report/table_scores.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("3. Table of scores", experiment="all"),
        ),
        comparison=report(
            "results/{study}/{selection}/tables/comparison.html",
            caption="../report/table_comparison.rst",
            category=STUDY,
            subcategory="1. Scores",
            labels=labels("4. Table of comparisons", experiment="all"),
        ),
        timings=report(
            "results/{study}/{selection}/tables/timings.html",
            caption="../report/table_timings.rst",
            category=STUDY,
            subcategory="2. Training",
            labels=labels("5. Table of run times", experiment="all"),
        ),
    log:
        "logs/write_pages/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        level=config["comparison"]["level"],
    script:
        "../scripts/write_pages.py"


rule write_training_page:
    input:
        training="results/{study}/{selection}/training",
    output:
        page=report(
            "results/{study}/{selection}/tables/training.html",
            caption="../report/table_training.rst",
            category=STUDY,
            subcategory="2. Training",
            labels=labels("4. Table of learning rates and epochs", experiment="all"),
        ),
    log:
        "logs/write_training_page/{study}.{selection}.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    script:
        "../scripts/write_pages.py"


rule write_summary_page:
    input:
        summaries=of_studies("summary.tsv"),
        comparisons=of_studies("comparison.tsv"),
        shifts=of_studies("shift.tsv"),
        findings=of_studies("findings.tsv"),
    output:
        page=report(
            "results/summary.html",
            caption="../report/summary.rst",
            category=SUMMARY,
            labels={"result": "Did balancing help?"},
        ),
    log:
        "logs/write_summary_page.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    params:
        studies=[
            (study, selection, config["studies"][study].get("description", ""))
            for study, selection in PLAN.studies
        ],
        metric=config["comparison"]["metric"],
        level=config["comparison"]["level"],
    script:
        "../scripts/write_summary_page.py"
