# The report: tables, figures and pages of every study, and the summary of all.
# A rule for each study and selection, since each has figures of its own.
for study, selection in PLAN.studies:
    folder = f"<results>/{study}/{selection}"
    results = PLAN.results(study, selection)

    rule:
        name:
            f"report_{study}_{selection}"
        input:
            [f"<results>/{path}" for path in PLAN.reported_files(study, selection)],
            benchmarks=[
                f"<benchmarks>/{path}" for path in PLAN.benchmarks(study, selection)
            ],
        output:
            [path for result in results for path in reported(study, selection, result)],
            **{
                name.split(".")[0]: f"{folder}/{name}"
                for name in PLAN.report_tables(study)
            },
        log:
            f"<logs>/report_study/{study}.{selection}.log",
        conda:
            "../../envs/evenomics.yaml"
        threads: 1
        resources:
            mem_mb=scaled(4000),
            runtime=scaled(60),
        params:
            study=study,
            selection=selection,
            options=config["studies"][study],
            settings=PLAN.report_settings(study),
            results=[(r.kind, r.name, r.experiment, r.paths) for r in results],
            keep_checkpoints=config["keep_checkpoints"],
        message:
            f"{study}: tests, answer, figures and tables"
        script:
            "../scripts/report_study.py"


rule summarise_studies:
    input:
        answers=of_studies("answers.tsv"),
        summaries=of_studies("summary.tsv"),
        sentences=of_studies("sentences.tsv"),
        comparisons=of_studies("comparison.tsv"),
        shifts=of_studies("shift.tsv"),
        findings=of_studies("findings.tsv"),
    output:
        answers="<results>/answers.tsv",
        table="<results>/summary.tsv",
        page=report(
            "<results>/summary.html",
            caption="../report/summary.rst",
            category="1. Summary",
            labels={"result": "Did balancing help?"},
        ),
    log:
        "<logs>/summarise_studies.log",
    conda:
        "../../envs/evenomics.yaml"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(30),
    params:
        studies=[
            (study, selection, config["studies"][study].get("description", ""))
            for study, selection in PLAN.studies
        ],
        metric=config["comparison"]["metric"],
        level=config["comparison"]["level"],
    message:
        "summary of all studies"
    script:
        "../scripts/summarise_studies.py"


# Only studies on the data of the paper have published scores.
if PLAN.reproductions:

    rule reproduction:
        input:
            **{
                name: [
                    f"<results>/{run.study}/{run.selection}/{name}.tsv"
                    for run in PLAN.reproductions
                ]
                for name in ("settings", "summary", "comparison")
            },
        output:
            table="<results>/reproduction.tsv",
            means="<results>/reproduction_means.tsv",
            claims="<results>/reproduction_claims.tsv",
            balancing="<results>/reproduction_balancing.tsv",
            page=report(
                "<results>/reproduction.html",
                caption="../report/reproduction.rst",
                category="1. Summary",
                labels={"result": "The paper on its own data"},
            ),
            figures=directory("<results>/reproduction.figures"),
        log:
            "<logs>/reproduction.log",
        conda:
            "../../envs/evenomics.yaml"
        threads: 1
        resources:
            mem_mb=scaled(2000),
            runtime=scaled(30),
        params:
            runs=[(run.published_as, run.role) for run in PLAN.reproductions],
            level=config["comparison"]["level"],
        message:
            "published scores and ours"
        script:
            "../scripts/reproduce.py"
