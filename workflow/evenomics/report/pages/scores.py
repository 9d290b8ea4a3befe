"""Pages of scores: of every arm at its chosen settings, at every setting, and by class."""

from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd

from evenomics.config.arms import AUTO, SETTING
from evenomics.config.names import names
from evenomics.report.answer import of_question
from evenomics.report.pages.tables import html_page, html_table, mean_and_sd
from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_order,
    experiment_title,
    in_sentence,
    interval,
    metric_title,
    of_metric,
    replicates_text,
    setting_title,
    signed,
)

_ARM = ["arm", *SETTING]
_THRESHOLDS = {"none": "", "default": "default", "tuned": "tuned"}


def scores_page(
    summary: pd.DataFrame,
    comparison: pd.DataFrame,
    per_class: pd.DataFrame,
    title: str,
    level: float,
) -> str:
    """Page with every metric of every arm, and the difference to no balancing where it is tested.

    Parameters
    ----------
    summary : DataFrame
        Scores of the arms at the settings that cross-validation chose.
    comparison : DataFrame
        The headline tests.
    per_class : DataFrame
        Has the numbers of validation samples of each class, for the prevalence.
    title : str
    level : float
        Differences with an adjusted p-value below are in bold.
    """
    tests = of_question(comparison, "balancing")
    parts = [
        f'<p class="note">Mean over {replicates_text(summary)}, ± the standard deviation over the '
        "replicates. Metrics of predicted classes stand twice: at the default threshold and at the "
        "threshold that was tuned inside the training data. Bold: the difference to no balancing "
        f"has an adjusted p below {level:g}; a score alone is never in bold.</p>"
    ]
    for metric in _shown(summary["metric"], tests["metric"], per_class["class"].nunique()):
        parts.append(f"<h2>{escape(metric_title(metric))}</h2>")
        if metric == "auprc":
            parts.append(f'<p class="note">{escape(_prevalence(per_class))}</p>')
        rows = summary[summary["metric"] == metric]
        for classifier in sorted(rows["classifier"].unique()):
            tested = tests[(tests["metric"] == metric) & (tests["classifier"] == classifier)]
            of_one = rows[rows["classifier"] == classifier]
            table, bold = _score_cells(of_one, tested, level)
            parts.append(html_table(table, classifier_title(classifier), bold))
    return html_page(title, "\n".join(parts))


def _shown(found: Iterable[str], compared: Iterable[str], n_classes: int) -> list[str]:
    """Return the metrics of the page: of two classes without those that equal another one."""
    known, shown = names("metrics"), set(found)
    if n_classes == 2:
        shown -= {name for name, entry in known.items() if "same_as" in entry} - set(compared)
    return [*filter(shown.__contains__, known), *sorted(shown - known.keys())]


def _score_cells(
    rows: pd.DataFrame, tests: pd.DataFrame, level: float
) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """Return arms down, experiments and thresholds across, and which cells are bold."""
    arms = arm_order(rows["arm"])
    table = pd.DataFrame({"Arm": list(map(arm_title, arms))})
    bold: dict[str, list[int]] = {}
    for experiment in experiment_order(rows["experiment"]):
        named = experiment_title(experiment)
        here = rows[rows["experiment"] == experiment]
        for threshold, words in _THRESHOLDS.items():
            cells = here[here["threshold"] == threshold].set_index("arm").reindex(arms)
            if cells["mean"].notna().any():
                heading = ", ".join(filter(None, [named, words]))
                table[heading] = list(map(mean_and_sd, cells["mean"], cells["sd"]))
        tested = tests[tests["experiment"] == experiment].set_index("arm").reindex(arms)
        if tested["difference"].notna().any():
            heading = f"{named}, difference to no balancing"
            table[heading] = [
                f"{signed(row['difference'])} ({interval(row['low'], row['high'])})"
                if pd.notna(row["low"])
                else signed(row["difference"])
                for _, row in tested.iterrows()
            ]
            found = (tested["adjusted_p_value"] < level).to_numpy()
            bold[heading] = [place for place, is_found in enumerate(found) if is_found]
    return table, bold


def _prevalence(per_class: pd.DataFrame) -> str:
    """Say what AUPRC a classifier gets that knows nothing: the share of the positives."""
    rows = per_class[per_class["threshold"] == "default"]
    counts = rows.groupby("class", sort=False)["n"].sum()
    if len(counts) == 2:
        share, of = counts.iloc[1] / counts.sum(), f"samples that are {counts.index[1]}"
    else:
        share, of = 1 / len(counts), "a class, averaged over the classes"
    return f"Chance is the share of {of}: {share:.3f}."


def settings_page(settings: pd.DataFrame, metric: str, title: str) -> str:
    """Page with the score of every arm at every setting, and how often it was chosen."""
    rows = of_metric(settings, metric)
    parts = [
        f'<p class="note">{escape(metric_title(metric))}: mean ± standard deviation over all '
        "repeats of all replicates. In brackets: in how many replicates cross-validation in the "
        "training samples chose the setting. The score of an arm is that at the chosen settings. "
        "The best of this table is partly luck.</p>"
    ]
    for classifier in sorted(rows["classifier"].unique()):
        of_one = rows[rows["classifier"] == classifier]
        parts.append(html_table(_setting_cells(of_one), classifier_title(classifier)))
    return html_page(title, "\n".join(parts))


def _setting_cells(rows: pd.DataFrame) -> pd.DataFrame:
    order = arm_order(rows["arm"]).index
    keys = rows[_ARM].drop_duplicates()
    keys = keys.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")
    cells = rows.set_index([*_ARM, "experiment"]).sort_index()
    lines = []
    for key in keys.itertuples(index=False, name=None):
        line = {"Arm": arm_title(key[0]), "Setting": setting_title(*key)}
        for experiment in experiment_order(rows["experiment"]):
            if (*key, experiment) in cells.index:
                of = cells.loc[(*key, experiment)]
                line[experiment_title(experiment)] = (
                    f"{mean_and_sd(of['mean'], of['sd'])} ({of['n_chosen']} of "
                    f"{of['n_replicates']})"
                )
        lines.append(line)
    return pd.DataFrame(lines)


def classes_page(
    confusion: pd.DataFrame, per_class: pd.DataFrame, classes: Sequence[str], title: str
) -> str:
    """Page with confusion matrices and what is predicted of every class.

    Parameters
    ----------
    confusion, per_class : DataFrame
        Of `evenomics.report.predictions.prediction_tables`.
    classes : sequence of str
    title : str
    """
    parts = [
        '<p class="note">Predictions for the validation samples, of all replicates and repeats: '
        "at the default threshold / at the threshold that was tuned inside the training data.</p>"
    ]
    for experiment in experiment_order(confusion["experiment"]):
        parts.append(f"<h2>{escape(experiment_title(experiment))}</h2>")
        for classifier in sorted(confusion["classifier"].unique()):
            cells, measures = (
                table[(table["experiment"] == experiment) & (table["classifier"] == classifier)]
                for table in (confusion, per_class)
            )
            named = classifier_title(classifier)
            parts.append(
                html_table(_confusion_cells(cells, classes), f"{named}: share of each class")
                + html_table(_class_cells(measures, classes), f"{named}: class against the rest")
            )
    return html_page(title, "\n".join(parts))


def _both(values: pd.Series, thresholds: Iterable[str] = ("default", "tuned")) -> str:
    """``0.81 / 0.74``: a number at each threshold."""
    return " / ".join(f"{values[name]:.3f}" for name in thresholds if name in values)


def _confusion_cells(cells: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    keys = ["arm", "class", "threshold"]
    share = cells.set_index([*keys, "predicted"])["n"].sort_index()
    share = share / share.groupby(keys).transform("sum")
    return pd.DataFrame(
        [
            {"Arm": arm_title(arm), "Class": label}
            | {f"Predicted as {p}": _both(share[arm, label, :, p]) for p in classes}
            for arm in arm_order(cells["arm"])
            for label in classes
        ]
    )


def _class_cells(measures: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    values = measures.set_index(["arm", "class", "threshold"]).sort_index()
    return pd.DataFrame(
        [
            {"Arm": arm_title(arm), "Class": label}
            | {
                metric_title(name): _both(values[name][arm, label])
                for name in ("sensitivity", "specificity", "precision", "f1")
            }
            for arm in arm_order(measures["arm"])
            for label in classes
        ]
    )


def auto_page(auto: pd.DataFrame, answers: pd.DataFrame, title: str) -> str:
    """Page of the arm `auto`: what it took in every replicate, and what this gives.

    Parameters
    ----------
    auto : DataFrame
        What the arm took: columns experiment, replicate, classifier, arm, settings, cv_metric,
        cv_score.
    answers : DataFrame
        Of `evenomics.report.answer.answer_table`.
    title : str
    """
    metric = metric_title(auto["cv_metric"].iloc[0])
    advice = answers[answers["arm"] == AUTO]
    given = pd.DataFrame(
        {
            "Training samples": advice["experiment"].map(experiment_title),
            "Classifier": advice["classifier"].map(classifier_title),
            "Difference to no balancing": advice["difference"].map(signed),
            "Interval": list(map(interval, advice["low"], advice["high"])),
            "Verdict": advice["verdict"],
        }
    )
    took = pd.DataFrame(
        {
            "Training samples": auto["experiment"].map(experiment_title),
            "Classifier": auto["classifier"].map(classifier_title),
            "Replicate": auto["replicate"],
            "Arm taken": auto["arm"].map(arm_title),
            "Setting": [setting_title(*key) for key in auto[_ARM].itertuples(index=False)],
            f"{metric}, cross-validated": auto["cv_score"].map("{:.3f}".format),
        }
    )
    return html_page(
        title,
        '<p class="note">In every replicate, <code>auto</code> takes the arm and setting with the '
        f"best cross-validated {escape(in_sentence(metric))} inside the training samples. Its "
        "score on the validation samples is the honest estimate of taking that advice.</p>"
        + html_table(given, "What the advice gives")
        + html_table(took, "What was taken"),
    )
