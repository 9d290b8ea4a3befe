"""Tables of results that tests make up: scores of arms, and the tests between them."""

from itertools import product

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from evenomics.config.experiments import DrawId
from evenomics.files import write_table
from evenomics.report.answer import answer_table

STUDY = {"study": "simulated", "selection": "none"}
SETTINGS = {
    "classes": ["control", "case"], "metric": "auroc", "level": 0.05, "splits": False,
    "fixed": ["whole", "given"],
}  # fmt: skip


def row(arm, difference, p, **more):
    """Row of ``comparison.tsv``: an arm against no balancing, half an interval of 0.03."""
    made = {
        **STUDY, "experiment": "c40_i0.4", "question": "balancing", "arm": arm,
        "classifier": "svc", "metric": "auroc", "threshold": "none", "reference": "none",
        "reference_threshold": "none",
        "mean": 0.8 + difference, "mean_reference": 0.8, "difference": difference,
        "standard_error": 0.012, "t": difference / 0.012, "df": 8.0, "p_value": p,
        "adjusted_p_value": p, "low": difference - 0.03, "high": difference + 0.03,
        "detectable": 0.04, "n_replicates": 5, "n_validation": 700,
        "test": "obuchowski_rockette", "note": "",
    }  # fmt: skip
    made |= more
    made.setdefault("reference_classifier", made["classifier"])
    if made["n_replicates"] == 1:
        unknown = ("standard_error", "t", "df", "p_value", "adjusted_p_value", "low", "high")
        made |= dict.fromkeys((*unknown, "detectable"), np.nan)
        made |= {"test": "none", "note": "no test: one replicate"}
    return made


def summary_of(comparison):
    """Table ``summary.tsv`` with the means of a comparison, and those of its references."""
    keys = ["experiment", "arm", "classifier", "metric", "threshold"]
    counts = ["n_replicates", "n_validation"]
    arms = comparison[["study", "selection", *keys, "mean", *counts]]
    references = comparison.assign(
        arm=comparison["reference"], mean=comparison["mean_reference"],
        classifier=comparison["reference_classifier"], threshold=comparison["reference_threshold"],
    )[arms.columns]  # fmt: skip
    table = pd.concat([references, arms]).drop_duplicates(keys)
    return table.assign(sd=0.02, n_repeats=10).reset_index(drop=True)


def answers(rows, **settings):
    """Table ``answers.tsv`` of rows of a comparison."""
    comparison = pd.DataFrame(rows)
    return answer_table(comparison, summary_of(comparison), {**SETTINGS, **settings})


def experiments(sizes, replicates=5):
    """Table ``experiments.tsv``: samples per class of every experiment."""
    rows = [
        {
            **STUDY, "experiment": name, "replicate": replicate, "class": label,
            "n_samples": count, "shared": 0.1,
        }
        for name, counts in sizes.items()
        for replicate in range(1, replicates + 1)
        for label, count in counts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def comparison(experiments, arms, classifiers, replicates=5, seed=0):
    """Table ``comparison.tsv`` with every question, of made-up differences."""
    rng = np.random.default_rng(seed)
    rows = []
    for experiment, classifier, arm in product(experiments, classifiers, arms):
        if arm == "none":
            continue
        d = rng.normal(0, 0.03)
        error = rng.uniform(0.01, 0.03)
        more = {
            "experiment": experiment, "classifier": classifier, "standard_error": error,
            "low": d - 2.3 * error, "high": d + 2.3 * error, "detectable": 3.2 * error,
            "n_replicates": replicates,
        }  # fmt: skip
        p = min(1.0, 2.5 * np.exp(-2 * abs(d) / error))
        rows.append(row(arm, d, p, **more))
        rows.append(
            row(
                arm, d / 2, min(1.0, 2 * p), **more, question="threshold",
                metric="balanced_accuracy", threshold="default", reference_threshold="tuned",
            )
        )  # fmt: skip
        if classifier != "logistic_regression" and "logistic_regression" in classifiers:
            plain = {"question": "plain", "reference_classifier": "logistic_regression"}
            rows.append(row(arm, d - 0.01, p, **more, **plain))
        if "gan" in arm and "untrained_gan" in arms and arm != "untrained_gan":
            rows.append(
                row(arm, d / 3, 0.7, **more, question="untrained", reference="untrained_gan")
            )
        if arm == "auto" and "smote" in arms:
            rows.append(row(arm, d / 3, 0.7, **more, question="smote", reference="smote"))
    return pd.DataFrame(rows)


def predictions(arm, settings, classifiers, replicates=3, repeats=2, n=60, seed=0):
    """Table ``predictions/EXPERIMENT.ARM.tsv.gz`` of two classes, case in one of three samples."""
    rng = np.random.default_rng([seed, *arm.encode()])
    is_case = np.arange(n) % 3 == 0
    label = np.where(is_case, "case", "control")
    parts = []
    for replicate, values, classifier, repeat in product(
        range(1, replicates + 1), settings, classifiers, range(1 if arm == "none" else repeats)
    ):
        log_odds = 1.5 * is_case + rng.normal(-1, 1, n)
        given = 1 / (1 + np.exp(-log_odds))
        parts.append(
            pd.DataFrame(
                {
                    "replicate": replicate, "alpha": values[0], "multiplier": values[1],
                    "bandwidth": values[2], "classifier": classifier, "repeat": repeat,
                    "sample_id": [f"v{i}" for i in range(n)], "class": label,
                    "score.case": log_odds, "probability.case": given,
                    "predicted": np.where(given > 0.5, "case", "control"),
                    "predicted_tuned": np.where(given > 0.4, "case", "control"),
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def scores_of(table, label):
    """Rows of ``scores.tsv.gz`` that follow from predictions, with the columns of a label."""
    keys = ["replicate", "alpha", "multiplier", "bandwidth", "classifier", "repeat"]
    rows = []
    for key, one in table.groupby(keys, sort=False):
        of = {**STUDY, **label, **dict(zip(keys, key, strict=True))}
        case, given = one["class"] == "case", one["probability.case"]
        values = {
            ("auroc", "none"): roc_auc_score(case, given),
            ("auprc", "none"): average_precision_score(case, given),
            ("brier", "none"): ((given - case) ** 2).mean(),
        }
        for threshold, column in {"default": "predicted", "tuned": "predicted_tuned"}.items():
            found = one[column] == "case"
            sensitivity, specificity = found[case].mean(), 1 - found[~case].mean()
            values |= {
                ("sensitivity", threshold): sensitivity,
                ("specificity", threshold): specificity,
                ("balanced_accuracy", threshold): (sensitivity + specificity) / 2,
            }
        rows += [
            {**of, "metric": metric, "threshold": threshold, "value": value}
            for (metric, threshold), value in values.items()
        ]
    return pd.DataFrame(rows)


def tuning(tables, experiment):
    """Table ``tuning.tsv`` of predictions by arm: in each replicate the first setting is chosen."""
    keys = ["replicate", "classifier", "alpha", "multiplier", "bandwidth"]
    parts = [
        table[keys].drop_duplicates().assign(**STUDY, experiment=experiment, arm=arm)
        for arm, table in tables.items()
    ]
    made = pd.concat(parts, ignore_index=True)
    first = ~made.duplicated(["arm", "replicate", "classifier"])
    return made.assign(
        parameters='{"C": 1}', cv_metric="auroc", cv_score=0.9, chosen=first, thresholds="[0.4]",
        n_folds=5, note="",
    )  # fmt: skip


def auto(tuning_table):
    """Table ``auto.tsv``: SMOTE was taken everywhere."""
    rows = tuning_table[tuning_table["chosen"] & (tuning_table["arm"] == "smote")]
    return rows.drop(columns=["parameters", "chosen", "thresholds", "n_folds", "note"])


def write_scored(folder, experiment, predictions, tuning_table, took=None, generated=None):
    """Write the folder ``scored`` of a study, as a run does: a folder of tables for each draw.

    `predictions` and `generated` are tables by arm; `took` is the table ``auto.tsv``.
    """
    for replicate, tuned in tuning_table.groupby("replicate"):
        draw = folder / "scored" / DrawId(experiment, replicate).name
        here = {arm: t[t["replicate"] == replicate] for arm, t in predictions.items()}
        scored = {**here, "auto": here["smote"]} if took is not None else here
        tables = {
            "scores.tsv": pd.concat(
                [scores_of(t, {"experiment": experiment, "arm": a}) for a, t in scored.items()]
            ),
            "tuning.tsv": tuned,
            "seconds.tsv": pd.DataFrame(
                {**DrawId(experiment, replicate)._asdict(), "arm": [*scored]}
            ).assign(seconds=1.5),
        }
        if took is not None:
            tables["auto.tsv"] = took[took["replicate"] == replicate]
        for name, table in tables.items():
            write_table(table.drop(columns=[*STUDY], errors="ignore"), draw / name)
        for arm, table in here.items():
            write_table(table, draw / f"predictions/{arm}.tsv.gz")
        for arm, table in (generated or {}).items():
            write_table(table, draw / f"generated/{arm}.tsv.gz")
