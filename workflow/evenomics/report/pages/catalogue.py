"""Every page of a study by its name, from the files of the study to HTML.

The names are those of ``config/schema/report.yaml``. The summary is of all studies
(`evenomics.report.pages.summary`).
"""

from collections.abc import Callable

from evenomics.report.pages.data import data_page
from evenomics.report.pages.scores import auto_page, classes_page, scores_page, settings_page
from evenomics.report.pages.tables import plain_page, training_page
from evenomics.report.pages.tests import comparison_page, paper_page
from evenomics.report.study import StudyFiles


def _scores(of: StudyFiles) -> str:
    return scores_page(
        of.table("summary.tsv"),
        of.table("comparison.tsv"),
        of.table("per_class.tsv"),
        f"Scores of study {of.study}",
        of.settings["level"],
    )


def _comparison(of: StudyFiles) -> str:
    heading = f"Comparison of arms, study {of.study}"
    return comparison_page(of.table("comparison.tsv"), heading, of.settings["level"])


def _paper_test(of: StudyFiles) -> str:
    heading = f"The paper's test, study {of.study}"
    return paper_page(of.table("paper_comparison.tsv"), heading, of.settings["level"])


def _settings(of: StudyFiles) -> str:
    heading = f"Scores at every setting, study {of.study}"
    return settings_page(of.table("settings.tsv"), of.settings["metric"], heading)


def _classes(of: StudyFiles) -> str:
    confusion, per_class = of.table("confusion.tsv"), of.table("per_class.tsv")
    heading = f"Predictions of study {of.study}"
    return classes_page(confusion, per_class, of.settings["classes"], heading)


def _auto(of: StudyFiles) -> str:
    heading = f"The advice of study {of.study}"
    return auto_page(of.table("auto.tsv"), of.table("answers.tsv"), heading)


def _timings(of: StudyFiles) -> str:
    return plain_page(of.table("timings.tsv"), f"Run times of study {of.study}")


def _training(of: StudyFiles) -> str:
    chosen, rates = (
        of.trained(f"{name}.tsv").drop(columns=["study", "selection"])
        for name in ("chosen", "rates")
    )
    return training_page(chosen, rates, f"GAN training of study {of.study}")


def _data(of: StudyFiles) -> str:
    classes = of.settings["classes"]
    return data_page(
        of.table("data.tsv", classes).astype(dict.fromkeys(classes, "Int64")),
        of.table("experiments.tsv"),
        of.table("tuning.tsv"),
        {name: of.settings[key] for name, key in _SETTINGS.items()},
        f"Data and settings of study {of.study}",
        of.n_splits,
    )


def _enrichment(of: StudyFiles) -> str:
    return plain_page(of.table("selection/enrichment.tsv"), f"Gene sets of study {of.study}")


#: Sections of the config on the page of the data, by heading.
_SETTINGS = {"Selection": "selection", "Scaling": "scaling", "GAN": "gan", "Scoring": "scoring"}

PAGES: dict[str, Callable[[StudyFiles], str]] = {
    "scores": _scores,
    "comparison": _comparison,
    "auto": _auto,
    "classes": _classes,
    "settings": _settings,
    "paper_test": _paper_test,
    "timings": _timings,
    "training": _training,
    "data": _data,
    "enrichment": _enrichment,
}
