# What the report is made of: which figures and pages a study has, and how results are labelled.
from evenomics.balancing.arms import ARMS
from evenomics.report.figures.samples import WITHOUT_SAMPLES
from evenomics.report.figures.scores import TWINS

GAN_ARMS = [arm for arm in config["arms"] if ARMS[arm].needs_gan]
SAMPLING_ARMS = [arm for arm in config["arms"] if arm not in WITHOUT_SAMPLES]
STUDIES = [
    (study, selection)
    for study, options in config["studies"].items()
    for selection in options["selections"]
]
# The report sorts categories by name: numbers put them in order.
SUMMARY = "1. Summary"
STUDY = "2. Study {study}"
DATA = "4. Data and features"


def data_names(study, selection):
    """Figures and pages of the data of a study: two lists of names without suffix."""
    steps, figures, pages = SELECTIONS[selection], ["shift"], ["data"]
    if steps[-1:] == ("deg",):
        figures.append("expression")
    if steps[-1:] == ("lasso_en",):
        figures.append("stability")
    if steps and config["studies"][study]["enrichment"]["source"] != "none":
        figures.append("enrichment")
        pages.append("enrichment")
    # what harmonising does is the same for every selection of a study
    if study in HARMONISED and selection == config["studies"][study]["selections"][0]:
        figures.append("harmonise")
    return figures, pages


def figure_names(study, selection):
    """Figures of a study and selection, without suffix."""
    names = ["scores"] + ["comparison"] * (len(config["arms"]) > 1)
    each = ["roc"]
    if any({arm, f"classic_{arm}"} <= set(config["arms"]) for arm in TWINS):
        names.append("twins")
    if len(config["multipliers"]) > 1 and any(
        ARMS[arm].expands for arm in config["arms"]
    ):
        names.append("multipliers")
    if SAMPLING_ARMS:
        each.append("samples")
    if GAN_ARMS:
        each.append("training")
        if "held_out" in config["gan"]["choice"].values():
            each.append("distance")
    if any(ARMS[arm].variant == "transfer" for arm in GAN_ARMS):
        names.append("pretraining")
    figures, _ = data_names(study, selection)
    return [
        *figures,
        *names,
        *(f"{name}.{e}" for name in each for e in experiment_names(study)),
    ]


def figure_outputs():
    """Everything that report.smk makes, for rule all."""
    pages = ["scores", "comparison", "timings"] + ["training"] * bool(GAN_ARMS)
    return [
        "results/summary.html",
        *(
            f"results/{study}/{selection}/{path}"
            for study, selection in STUDIES
            for path in [
                *(
                    f"figures/{name}.{kind}"
                    for name in figure_names(study, selection)
                    for kind in ("svg", "png")
                ),
                *(
                    f"tables/{page}.html"
                    for page in pages + data_names(study, selection)[1]
                ),
            ]
        ),
    ]


def table_outputs():
    """The results that a user is promised beside the report, for rule all."""
    names = ["scores.tsv.gz", "summary.tsv", "comparison.tsv"]
    names += ["training"] * bool(GAN_ARMS)
    return [
        "results/summary.tsv",
        *(
            f"results/{study}/{selection}/{name}"
            for study, selection in STUDIES
            for name in names
        ),
        *(
            f"results/{study}/{selection}/experiments/{experiment}/arms/{arm}/generated.tsv.gz"
            for study, selection in STUDIES
            for experiment in experiment_names(study)
            for arm in config["arms"]
        ),
    ]


def labels(result, **more):
    """Labels of a result: what it is, and of what."""
    return {"result": result, **more, "features": "{selection}"}
