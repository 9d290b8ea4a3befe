"""Tables of runs on the released data, made up from the published scores and noise."""

import numpy as np
import pandas as pd

import fake_results
from evenomics.evaluation.claims import Run
from evenomics.evaluation.reproduction import published_scores

STUDIES = ["simulation", "microarray", "lipidomics", "microarray_lasso", "lipidomics_lasso"]
ROLES = ["given", "tuned", "described", "honest", "harmonised"]
_KEYS = ["experiment", "classifier", "arm", "alpha", "multiplier"]


def settings(study, metrics, noise=0.01, seed=0, twins=True):
    """Table ``settings.tsv``: the published means, noise, and by metric something added."""
    rng = np.random.default_rng(seed)
    rows = published_scores()
    rows = rows[rows["study"] == study].drop_duplicates(_KEYS)[[*_KEYS, "mean", "sd"]]
    if twins:
        main = rows[rows["arm"].isin(["gan", "expand_gan"]) & (rows["alpha"] == "a0-0")]
        main = main[main["multiplier"].isin(["none", "1"])]
        rows = pd.concat(
            [rows, main.assign(arm="classic_" + main["arm"], mean=main["mean"] - 0.05)]
        )
    parts = []
    for metric, added in metrics.items():
        made = rows.assign(
            study=f"{study}_run", selection="none", bandwidth="none", metric=metric,
            threshold="default" if metric == "hard_auroc" else "none",
            n_replicates=1, n=20, n_chosen=1,
        )  # fmt: skip
        made["mean"] = (made["mean"] + added + rng.normal(0, noise, len(made))).clip(0, 1)
        parts.append(made)
    return pd.concat(parts, ignore_index=True)


def run(study, role, seed=0):
    """All tables of a run; its AUROC is well above that of its predicted classes."""
    metrics = {"hard_auroc": 0.0, "auroc": 0.15}
    at = settings(study, metrics, seed=seed)
    one = at.drop_duplicates(["experiment", "classifier", "arm", "metric"])
    summary = one.drop(columns=["alpha", "multiplier", "bandwidth", "n", "n_chosen"])
    experiments = [*dict.fromkeys(at["experiment"])]
    arms = ["none", "smote", "random_over", "gan", "expand_gan"]
    comparison = fake_results.comparison(experiments, arms, ["hist_gradient_boosting", "svc"])
    return Run(at, summary.assign(n_repeats=20, n_validation=700), comparison)


def runs(studies=STUDIES, roles=ROLES):
    """Make up runs of studies in several roles; by both."""
    pairs = [(study, role) for study in studies for role in roles]
    return {pair: run(*pair, seed=place) for place, pair in enumerate(pairs)}
