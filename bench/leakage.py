"""What it is worth, in AUROC, that generators have seen the test folds.

``python -m bench.leakage`` takes some minutes and prints a report; ``make bench`` puts it into
``bench/RESULTS.md``. The same arms on the same draws are tuned in the three ways of the config's
``scoring.tuning``. Where nothing leaks, a cross-validated AUROC is about that on validation
samples: lower, as folds train on fewer samples, or higher, as it is the best of many points. What
each way costs is in ``docs/costs.md``.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from bench.harness import markdown, markdown_row, opening
from evenomics.balancing.draw_gans import train_draws
from evenomics.config.arms import Grid
from evenomics.config.experiments import DrawId, Experiment
from evenomics.config.names import names
from evenomics.data.cohort_files import write_cohorts
from evenomics.data.source import load_study
from evenomics.evaluation.scoring import Scoring
from evenomics.evaluation.study_scores import StudyScoring
from evenomics.files import read_table
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import pretrain
from evenomics.gan.settings import GanSettings
from evenomics.preparation.draw_files import prepare, read_draw, write_draw
from evenomics.preparation.draws import draw
from evenomics.preparation.scaling import fit_scaler

CLASSES = ["control", "case"]
EXPERIMENT, N_REPLICATES, SEED, FOLDS = Experiment(40, 0.4), 10, 1, 5
ARMS = ["none", "smote", "smoothed_bootstrap", "gan", "classic_gan"]
CLASSIFIERS = ["hist_gradient_boosting", "svc", "logistic_regression"]
COHORTS = {
    "source": "builtin", "n_features": 150, "n_real": 1200, "n_external": 300, "n_validation": 700,
    "noise_scale": 1.5,
}  # fmt: skip
GAN = {
    "pretraining": {"epochs": [400, 400, 400]},
    "retraining": {"epochs_1": 400, "epochs_2": 400},
    "choice": {"rate_choice": "held_out", "epoch_choice": "held_out", "speed_window": 100},
}


def score(tuning: str, folder: Path) -> pd.DataFrame:
    """Score all arms on all draws; return cross-validated and validation AUROC."""
    (cohorts,) = load_study(COHORTS, CLASSES, SEED)
    settings, in_folds = GanSettings.from_mapping(GAN), tuning != "shared_generator"
    write_cohorts(cohorts, folder / "cohorts")
    wanted = [(EXPERIMENT, DrawId(EXPERIMENT.name, k + 1)) for k in range(N_REPLICATES)]
    real = cohorts["real"]
    for of, rows in draw(real, wanted, CLASSES, SEED, disjoint=True).items():
        prepared = prepare(of, real.take(rows), n_folds=FOLDS, seed=SEED, scale_folds=in_folds)
        write_draw(prepared, folder / "draws")
    draws = [of for _, of in wanted]
    external, training = cohorts["external"], Training(threads=os.cpu_count() or 1)
    X = fit_scaler(external, n_samples=200, seed=SEED).transform(external.features)
    pretrained = pretrain(X, settings, seed=SEED, training=training)
    train_draws(
        [read_draw(folder / "draws", of) for of in draws], pretrained, folder / "training",
        entries=[names("arms")[arm] for arm in ARMS], alphas=[[0, 0]], classes=CLASSES,
        settings=settings, in_folds=in_folds, seed=SEED, training=training,
    )  # fmt: skip
    networks = asdict(settings.networks)
    grid = Grid([[0, 0]], [1.0], [0.5])
    scoring = Scoring(CLASSES, grid, CLASSIFIERS, 3, SEED, networks, tuning=tuning)
    study = StudyScoring(
        folder / "draws", folder / "cohorts", False, folder / "training", folder / "checkpoints",
        scoring,
    )  # fmt: skip
    study.run(draws, ARMS, folder / "scored", n_jobs=os.cpu_count() or 1)
    keys = ["replicate", "arm", "classifier"]
    scores = _joined(folder, draws, "scores.tsv").query("metric == 'auroc'")
    table = scores.groupby(keys)["value"].mean().rename("validation").reset_index()
    return table.merge(_joined(folder, draws, "tuning.tsv")[[*keys, "cv_score"]], on=keys)


def _joined(folder: Path, draws: Sequence[DrawId], name: str) -> pd.DataFrame:
    tables = [read_table(folder / "scored" / draw.name / name) for draw in draws]
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Print the report."""
    print(opening("Tuning: what the leak through shared generators is worth"))
    print(
        f"Simulated classes of 40 and 16 samples, {N_REPLICATES} disjoint draws; cross-validated "
        "AUROC minus that on 700 validation samples, mean and its standard error over the draws.\n"
    )
    head = ["tuning", "classifier", *ARMS]
    print(markdown(head, []))
    for tuning in ("fold", "draw", "shared_generator"):
        with TemporaryDirectory() as folder:
            table = score(tuning, Path(folder))
        table["excess"] = table["cv_score"] - table["validation"]
        for classifier, rows in table.groupby("classifier", sort=False):
            groups = rows.groupby("arm")["excess"]
            mean, error = groups.mean(), groups.sem()
            cells = [f"{mean[arm]:+.3f} ± {error[arm]:.3f}" for arm in ARMS]
            row = [tuning, str(classifier), *cells]
            print(markdown_row(row), flush=True)


if __name__ == "__main__":
    main()
