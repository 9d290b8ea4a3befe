"""What a study was made of: the paper's tables of experiments, data sets and hyper-parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evenomics.config.names import names
from evenomics.data.cohort import Cohort
from evenomics.report.pages.tables import html_page, html_table
from evenomics.report.style import (
    arm_title,
    classifier_title,
    experiment_order,
    experiment_title,
    setting_title,
    split_title,
)


def cohort_table(
    loaded: Mapping[str, Cohort], used: Mapping[str, Cohort], study: Mapping[str, Any]
) -> pd.DataFrame:
    """Tabulate the cohorts of a study (the paper's table of data sets).

    Parameters
    ----------
    loaded, used : mapping of str to Cohort
        The cohorts as they came, and as they are after alignment and selection.
    study : mapping
        The study's section of the config.

    Returns
    -------
    DataFrame
        One row per cohort: cohort, source, n_samples, n_groups (if any cohort has groups), one
        column per class, n_features_measured, n_features_used. An external cohort has no classes:
        its cells are missing.
    """
    rows = []
    for name, cohort in used.items():
        counts = cohort.class_counts()
        rows.append(
            {
                "cohort": name,
                "source": _origin(study["cohorts"], name),
                "n_samples": cohort.n_samples,
                "n_groups": None if cohort.groups is None else cohort.groups.nunique(),
                **{label: counts.get(label, 0) if counts else None for label in study["classes"]},
                "n_features_measured": loaded[name].n_features,
                "n_features_used": cohort.n_features,
            }
        )
    table = pd.DataFrame(rows).astype(dict.fromkeys(["n_groups", *study["classes"]], "Int64"))
    return table if table["n_groups"].any() else table.drop(columns="n_groups")


def _origin(cohorts: Mapping[str, Any], name: str) -> str:
    entry = names("sources").get(cohorts["source"], {"title": cohorts["source"]})
    title, keys = entry["title"], entry.get("keys", ())
    # an external cohort that is not given is the real one without its classes
    spec = cohorts.get(name) or cohorts.get("table") or cohorts.get("real") or cohorts
    details = [str(spec[key]) for key in keys if spec.get(key)]
    return ", ".join([title, *details])


def data_page(
    cohorts: pd.DataFrame,
    experiments: pd.DataFrame,
    tuning: pd.DataFrame,
    settings: Mapping[str, Mapping[str, Any]],
    title: str,
    n_splits: int = 1,
) -> str:
    """Self-contained HTML page with cohorts, experiments, settings and tuned hyper-parameters.

    Parameters
    ----------
    cohorts : DataFrame
        Of `cohort_table`.
    experiments : DataFrame
        As `evenomics.preparation.draws.experiment_table` has it.
    tuning : DataFrame
        As `evenomics.evaluation.scoring.ArmScores.tuning` has it.
    settings : mapping of str to mapping
        Sections of the config, by heading.
    title : str
    n_splits : int
        Of how many splits the cohorts are the first; 1 for fixed cohorts.
    """
    shown = cohorts.rename(
        columns={
            "cohort": "Cohort",
            "source": "Source",
            "n_samples": "Samples",
            "n_groups": "Groups",
            "n_features_measured": "Features measured",
            "n_features_used": "Features used",
        }
    )
    grid = _by_class(experiments, "n_samples")
    smallest, largest = grid.min(axis=1), grid.max(axis=1)
    what = "Training draws: samples per class."
    if "n_groups" in experiments:
        grid = grid.join(_by_class(experiments, "n_groups").add_suffix(", groups"))
        what = "Training draws: samples per class, and the groups (e.g. patients) that gave them."
    grid.insert(0, "Experiment", [experiment_title(name) for name in grid.index])
    grid["Smallest / largest class"] = (smallest / largest).round(2)
    sections = "".join(
        f"<h3>{heading}</h3>"
        + html_table(pd.DataFrame(_flat(values), columns=["Setting", "Value"]))
        for heading, values in settings.items()
    )
    return html_page(
        title,
        f"<h2>Cohorts{split_title(n_splits)}</h2>" + html_table(shown)
        + "<h2>Experiments</h2>" + html_table(grid, what)
        + "<h2>Hyper-parameters of the classifiers</h2>"
        + html_table(_tuned(tuning), "Chosen by cross-validation on the training draw.")
        + "<h2>Settings</h2>" + sections,
    )  # fmt: skip


def _by_class(experiments: pd.DataFrame, values: str) -> pd.DataFrame:
    grid = experiments.pivot_table(index="experiment", columns="class", values=values, sort=False)
    return grid.astype(int).loc[experiment_order(grid.index)]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{prefix}{key}", text


def _tuned(tuning: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Experiment": [experiment_title(name) for name in tuning["experiment"]],
            "Arm": [arm_title(name) for name in tuning["arm"]],
            "Setting": [
                setting_title(arm, alpha, multiplier)
                for arm, alpha, multiplier in zip(
                    tuning["arm"], tuning["alpha"], tuning["multiplier"], strict=True
                )
            ],
            "Classifier": [classifier_title(name) for name in tuning["classifier"]],
            "Hyper-parameters": [
                text.strip("{}").replace('"', "") for text in tuning["parameters"]
            ],
            "AUROC, cross-validated": tuning["cv_auroc"].astype(float),
            "Note": tuning["note"],
        }
    )
