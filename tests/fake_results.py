"""Tables of results that tests make up: scores of arms, and the tests between them."""

from itertools import product

import numpy as np
import pandas as pd

STUDY = {"study": "simulated", "selection": "none"}
SETTINGS = {
    "classes": ["control", "case"], "metric": "auroc", "level": 0.05, "splits": False,
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
