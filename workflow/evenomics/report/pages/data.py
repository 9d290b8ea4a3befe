"""What a study was made of: the paper's tables of experiments, data sets and hyper-parameters."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import pandas as pd

from evenomics.config.arms import AUTO, SETTING
from evenomics.config.names import names
from evenomics.data.cohort import Cohort
from evenomics.report.pages.tables import html_page, html_table
from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_order,
    experiment_title,
    metric_title,
    setting_title,
    span,
    split_title,
)

# Different choices that are written out; the rest is counted.
_MOST_CHOICES = 3


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
    details = [_told(spec[key]) for key in keys if spec.get(key)]
    return ", ".join([title, *details])


def _told(value: Any) -> str:
    """Write an option of a cohort: a text, a list of them, or of files with their checksums."""
    if not isinstance(value, list):
        return str(value)
    texts = [part for part in value if isinstance(part, str)]
    return ", ".join(texts) if texts == value else f"{len(value)} files"


def data_page(
    cohorts: pd.DataFrame,
    experiments: pd.DataFrame,
    tuning: pd.DataFrame,
    settings: Mapping[str, Mapping[str, Any]],
    title: str,
    n_splits: int = 1,
) -> str:
    """Self-contained HTML page with cohorts, experiments, what was tuned, and settings.

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
    what = "samples per class"
    if "n_groups" in experiments:
        what += ", and the groups (e.g. patients) that gave them"
    sections = "".join(
        f"<h3>{heading}</h3>"
        + html_table(pd.DataFrame(_flat(values), columns=["Setting", "Value"]))
        for heading, values in settings.items()
    )
    return html_page(
        title,
        f"<h2>Cohorts{split_title(n_splits)}</h2>" + html_table(shown)
        + "<h2>Experiments</h2>"
        + html_table(
            _experiment_cells(experiments),
            f"Training draws: {what}. Shared: how much of the samples of a class the draw of "
            "another replicate has as well, on average.",
        )
        + "<h2>Tuning</h2>"
        + html_table(
            _tuning_cells(tuning),
            "Chosen by cross-validation within each training draw; in brackets: how often.",
        )
        + "<h2>Settings</h2>" + sections,
    )  # fmt: skip


def _experiment_cells(experiments: pd.DataFrame) -> pd.DataFrame:
    """Return the sizes of every experiment: one number, or a range over the replicates."""
    lines = []
    for name in experiment_order(experiments["experiment"]):
        rows = experiments[experiments["experiment"] == name]
        classes = {str(label): of for label, of in rows.groupby("class", sort=False)}
        line = {"Experiment": experiment_title(name), "Replicates": rows["replicate"].nunique()}
        line |= {label: span(of["n_samples"], "{:.0f}".format) for label, of in classes.items()}
        if "n_groups" in rows:
            line |= {
                f"{label}, groups": span(of["n_groups"], "{:.0f}".format)
                for label, of in classes.items()
            }
        of_draws = rows.groupby("replicate")["n_samples"]
        line["Smallest / largest class"] = span(of_draws.min() / of_draws.max(), "{:.2f}".format)
        # with a single draw there is no other
        line |= {
            f"{label}, shared": span(of["shared"], "{:.0%}".format)
            for label, of in classes.items()
            if of["shared"].notna().all()
        }
        lines.append(line)
    return pd.DataFrame(lines)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{prefix}{key}", text


def _tuning_cells(tuning: pd.DataFrame) -> pd.DataFrame:
    """Return what was chosen for every experiment, arm and classifier, over the replicates.

    What `auto` took is on a page of its own.
    """
    rows = tuning[tuning["chosen"] & (tuning["arm"] != AUTO)]
    found = dict(iter(rows.groupby(["experiment", "arm", "classifier"])))
    ordered = product(
        experiment_order(rows["experiment"]), arm_order(rows["arm"]), sorted({*rows["classifier"]})
    )
    cross_validated = f"{metric_title(rows['cv_metric'].iloc[0])}, cross-validated"
    lines = []
    for experiment, arm, classifier in (case for case in ordered if case in found):
        chosen = found[experiment, arm, classifier]
        settings = chosen[SETTING].itertuples(index=False, name=None)
        lines.append(
            {
                "Experiment": experiment_title(experiment),
                "Arm": arm_title(arm),
                "Classifier": classifier_title(classifier),
                "Setting": _counted(setting_title(arm, *setting) for setting in settings),
                "Hyper-parameters": _counted(
                    text.strip("{}").replace('"', "") for text in chosen["parameters"]
                ),
                cross_validated: chosen["cv_score"].mean(),
                "Note": _counted(chosen["note"].dropna()),
            }
        )
    return pd.DataFrame(lines)


def _counted(texts: Iterable[str]) -> str:
    """``C: 1 (3), C: 10 (2)``: the texts that are not empty, the most frequent first."""
    counts = pd.Series([text for text in texts if text], dtype=str).value_counts()
    shown = [f"{text} ({n})" for text, n in counts.head(_MOST_CHOICES).items()]
    n_others = counts.iloc[_MOST_CHOICES:].sum()
    return "; ".join(shown + [f"others ({n_others})"] * bool(n_others))
