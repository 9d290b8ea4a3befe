"""Tables with the columns of a real run and made-up values, for the tests of figures and report."""

from itertools import product

import numpy as np
import pandas as pd

from evenomics.data.cohort import Cohort

SETTINGS = {
    "gan": ["a0-0", "a1-0"],
    "expand_gan": ["a0-0", "a1-0", "a1-1"],
    "classic_gan": ["a0-0"],
    "classic_expand_gan": ["a0-0"],
}
ARMS = [
    "none", "class_weight", "random_over", "smote", "gan", "expand_gan", "classic_gan",
    "classic_expand_gan", "shrunk_gaussian",
]  # fmt: skip
CLASSIFIERS = ["hist_gradient_boosting", "svc"]
THRESHOLDED = ("balanced_accuracy", "sensitivity", "specificity")
GRID = [
    f"c{controls}_i{imbalance:g}" for controls in (40, 80, 120) for imbalance in (0.4, 0.5, 0.6)
]


def settings(arm, multipliers=(1.0,)):
    """(alpha, multiplier, bandwidth) of an arm, written as in the real tables."""
    grown = [f"{m:g}" for m in multipliers] if "expand" in arm else ["none"]
    smooth = ["0.3", "1"] if "bootstrap" in arm else ["none"]
    return list(product(SETTINGS.get(arm, ["none"]), grown, smooth))


def scores_at(experiments=("c40_i0.4",), arms=ARMS, multipliers=(1.0,), metrics=("auroc",), seed=0):
    """Table ``settings.tsv``, with values at random."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "study": "simulated", "selection": "none", "experiment": experiment, "arm": arm,
            "alpha": alpha, "multiplier": multiplier, "bandwidth": bandwidth,
            "classifier": classifier, "metric": metric, "threshold": threshold,
            "mean": rng.uniform(0.6, 0.85), "sd": rng.uniform(0.005, 0.06),
            "n_replicates": 5, "n": 50, "n_chosen": 2,
        }
        for experiment, classifier, metric, arm in product(experiments, CLASSIFIERS, metrics, arms)
        for threshold in (["default", "tuned"] if metric in THRESHOLDED else ["none"])
        for alpha, multiplier, bandwidth in settings(arm, multipliers)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def summary(experiments=("c40_i0.4",), arms=ARMS, metrics=("auroc", *THRESHOLDED), seed=0):
    """Table ``summary.tsv``, with values at random."""
    table = scores_at(experiments, arms, metrics=metrics, seed=seed)
    one = table.drop_duplicates(["experiment", "classifier", "metric", "threshold", "arm"])
    one = one.drop(columns=["alpha", "multiplier", "bandwidth", "n", "n_chosen"])
    return one.assign(n_repeats=10, n_validation=700).reset_index(drop=True)


def roc(of):
    """Table ``roc.tsv`` of a summary: curves tpr = fpr ** (1 / AUROC - 1)."""
    fpr = np.linspace(0, 1, 101)
    curves = [
        pd.DataFrame(
            {
                **{key: getattr(row, key) for key in ("study", "selection", "experiment", "arm")},
                "classifier": row.classifier, "fpr": fpr, "tpr_mean": fpr ** (1 / row.mean - 1),
                "tpr_sd": row.sd * np.sin(np.pi * fpr),
            }
        )
        for row in of[of["metric"] == "auroc"].itertuples()
    ]  # fmt: skip
    return pd.concat(curves, ignore_index=True)


def calibration(of, classes=("case",)):
    """Table ``calibration.tsv`` of a summary: curves above or below the diagonal."""
    given = np.linspace(0.05, 0.95, 10)
    curves = [
        pd.DataFrame(
            {
                **{key: getattr(row, key) for key in ("study", "selection", "experiment", "arm")},
                "classifier": row.classifier, "class": label, "mean_probability": given,
                "observed": given ** (0.5 + row.mean), "n": 350,
            }
        )
        for row in of[of["metric"] == "auroc"].itertuples()
        for label in classes
    ]  # fmt: skip
    return pd.concat(curves, ignore_index=True)


def gans(classes=("control", "case")):
    """Ids of the GANs of one experiment."""
    return [
        f"{name}.alpha{alpha}.{variant}"
        for name in classes
        for alpha, variant in ((0, "transfer"), (1, "transfer"), (0, "classic"))
    ]


def training(experiment="c40_i0.4", classes=("control", "case"), epochs=600, folds=2, seed=2):
    """Tables ``chosen.tsv``, ``history.tsv.gz`` and ``rates.tsv`` of one experiment."""
    rng = np.random.default_rng(seed)
    rates = {"lr_1": [5e-4, 1e-4, 1e-3], "lr_2": [1e-5, 5e-5, 1e-4]}
    chosen, history, tried = [], [], []
    for gan in gans(classes):
        name, alpha, variant = gan.split(".")
        for phase, values in rates.items():
            for rate in values:
                epoch = np.arange(20, epochs + 1, 20)
                level = 8 * (1 - np.exp(-epoch * rate * 10)) - 40 * np.exp(-epoch / 8)
                for fold in range(folds):
                    noise = rng.normal(0, 0.4, (5, len(epoch)))
                    history.append(
                        pd.DataFrame(
                            {
                                "experiment": experiment, "gan": gan, "epoch": epoch,
                                "critic_loss": -level + noise[0], "generator_loss": noise[1],
                                "wasserstein": level + noise[2], "phase": phase, "rate": rate,
                                "fold": fold, "wasserstein_training": level + noise[2],
                                "wasserstein_held_out": -2 + noise[3],
                                "energy_distance": 1 + np.exp(-epoch / 50) + noise[4] / 10,
                            }
                        )
                    )  # fmt: skip
                tried.append(
                    {
                        "experiment": experiment, "gan": gan, "phase": phase, "rate": rate,
                        "smallest_above": 3.2, "energy_distance": 1.1, "instability": 2.0,
                        "speed": 1.0, "objective": 5.0, "cut_epoch": np.nan, "note": "",
                        "chosen": True,
                    }
                )  # fmt: skip
        chosen.append(
            {
                "experiment": experiment, "gan": gan, "class": name,
                "alpha": alpha.removeprefix("alpha"), "variant": variant, "n_samples": 40,
                "n_held_out": 8, "n_folds": folds,
                "lr_1": 1e-4, "lr_1_rule": "smallest above 3", "epoch_1": 400,
                "updates_1": 1600,
                "lr_2": 5e-5, "lr_2_rule": "most stable", "epoch_2": 320,
                "epoch_2_rule": "elbow", "updates_2": 1280, "note": "no rate qualified",
                "wasserstein_training": 7.9, "wasserstein_held_out": -2.0, "energy_distance": 0.4,
                "effective_rank_generated": 30.1, "effective_rank_real": 35.2,
                "nn_distance_training": 9.1, "nn_distance_held_out": 9.6, "engine": "cpu",
                "seconds": 12.3,
            }
        )  # fmt: skip
    return pd.DataFrame(chosen), pd.concat(history, ignore_index=True), pd.DataFrame(tried)


def pretraining(epochs=300, seed=4):
    """Table ``history.tsv.gz`` of a pre-training."""
    rng = np.random.default_rng(seed)
    names = ("critic_loss", "generator_loss", "wasserstein")
    stages = [
        pd.DataFrame({"stage": stage, "epoch": np.arange(1, epochs + 1)}).assign(
            **{name: rng.normal(0, 1, epochs).cumsum() for name in names}
        )
        for stage in (1, 2, 3)
    ]
    return pd.concat(stages, ignore_index=True)


def samples(classes=("control", "case"), n=40, n_features=12, seed=3):
    """Table of a cohort: sample_id, class, features."""
    rng = np.random.default_rng(seed)
    blocks = []
    for i, name in enumerate(classes):
        size = n if i == 0 else n // 2
        block = pd.DataFrame(
            rng.normal(i, 1 + 0.1 * i, (size, n_features))
            @ np.diag(np.linspace(2, 0.5, n_features)),
            columns=[f"f{j}" for j in range(n_features)],
        )
        block.insert(0, "class", name)
        block.insert(0, "sample_id", [f"{name}{j}" for j in range(size)])
        blocks.append(block)
    return pd.concat(blocks, ignore_index=True)


def generated(arm, classes=("control", "case"), n_features=12):
    """Table ``generated.tsv.gz`` of one arm."""
    parts = []
    for seed, values in enumerate(settings(arm)):
        part = samples(classes, 20, n_features, seed=10 + seed)
        for i, name in enumerate(("alpha", "multiplier", "bandwidth")):
            part.insert(2 + i, name, values[i])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def shift(study="simulated"):
    """Table ``shift.tsv``: a validation cohort far away, until it is harmonised."""
    measures = ["beyond_range", "expected", "shift_sd", "scale_ratio", "auroc"]
    rows = [
        ["external", "none", True, 0.012, 0.01, 0.1, 1.1, 0.6],
        ["external", "zscore", False, 0.011, 0.01, 0.0, 1.0, 0.5],
        ["validation", "none", True, 0.923, 0.01, 6.83, 1.5, 1.0],
        ["validation", "zscore", False, 0.024, 0.01, 0.0, 1.0, 0.5],
    ]
    table = pd.DataFrame(rows, columns=["cohort", "method", "used", *measures])
    table.insert(0, "study", study)
    table.insert(1, "selection", "none")
    table.insert(2, "replicate", 1)
    return table


def findings(study="simulated"):
    """Table ``findings.tsv`` with one finding."""
    return pd.DataFrame(
        {
            "study": [study], "selection": ["none"], "check": ["beyond_range"],
            "cohort": ["validation"], "value": [0.923], "limit": [0.21],
            "message": ["Look <out>: 92% of the validation cells."],
        }
    )  # fmt: skip


def cohorts(n_features=30, seed=0, spread=1.0):
    """Three cohorts; external and validation are shifted and scaled, feature by feature."""
    rng = np.random.default_rng(seed)
    made = {}
    for name, n in {"real": 14, "external": 9, "validation": 12}.items():
        columns = [f"F{i}" for i in range(n_features)]
        index = pd.Index([f"{name}_{i}" for i in range(n)], name="sample_id")
        values = 8 + rng.standard_normal((n, n_features)) * rng.uniform(0.5, 2, n_features)
        if name != "real":
            values = values * np.exp(0.3 * spread * rng.standard_normal(n_features))
            values = values + spread * rng.standard_normal(n_features)
        labels = pd.Series(rng.choice(["control", "case"], n), index=index, name="class", dtype=str)
        made[name] = Cohort(pd.DataFrame(values, index=index, columns=columns), labels, name)
    made["external"] = made["external"].unlabelled()
    return made
