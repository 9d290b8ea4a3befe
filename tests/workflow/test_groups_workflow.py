"""Patients with several samples through the workflow: known at every stage, nowhere torn."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenomics.config.experiments import DrawId
from evenomics.data.cohort_files import read_cohort
from evenomics.preparation.draw_files import read_draw
from snakemake_runs import run_workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
N_EACH = 3  # samples a patient


def write_patients(path: Path) -> pd.Series:
    """Write a table of 60 patients, 20 of them ill; return whom each sample is from."""
    rng = np.random.default_rng(0)
    patients = np.repeat([f"p{i}" for i in range(60)], N_EACH)
    ill = np.repeat(np.arange(60) % 3 == 0, N_EACH)
    values = rng.normal(size=(len(ill), 12)) + np.repeat(rng.normal(size=(60, 12)), N_EACH, axis=0)
    values[:, :4] += 2 * ill[:, None]
    table = pd.DataFrame(values, columns=[f"f{i}" for i in range(12)])
    table.insert(0, "sample", [f"s{i}" for i in range(len(ill))])
    table.insert(1, "status", np.where(ill, "ill", "healthy"))
    table.insert(2, "patient", patients)
    table = table.sample(frac=1, random_state=0)
    table.to_csv(path, sep="\t", index=False)
    return table.set_index("sample")["patient"]


@pytest.mark.parametrize(
    ("harmonise", "selections"),
    [
        ("zscore", ["none", "lasso_en"]),
        pytest.param("combat", ["none", "deg"], marks=pytest.mark.r),
    ],
)
def test_patients_are_known_at_every_stage_and_stay_whole(
    tmp_path: Path, harmonise: str, selections: list[str]
) -> None:
    """Their three samples are set aside together: for GANs, selection and cross-validation.

    Draws of 30 healthy samples and 15 ill ones are of 10 patients and of 5.
    """
    patients = write_patients(tmp_path / "patients.tsv")
    study = {
        "classes": ["healthy", "ill"],
        "cohorts": {
            "source": "table",
            "table": {"path": "patients.tsv", "class_column": "status"},
            "split": {"by": "patient", "replicates": 1},
        },
        "harmonise": harmonise,
        "selections": selections,
        "experiments": {"controls": [30], "imbalance": [0.5]},
    }
    config = {
        "seed": 1,
        "engine": "cpu",
        "studies": {"own": study},
        "arms": ["none", "expand_gan"],
        "alphas": [[0, 0]],
        "gan": {
            "networks": {"hidden": [6, 8]},
            "pretraining": {"epochs": [10, 10], "critic_updates": [1, 2], "dropout": [0.3, 0.5]},
            "retraining": {"epochs_1": 20, "epochs_2": 20},
            "choice": {
                "rate_choice": "held_out", "epoch_choice": "held_out", "held_out_fraction": 0.25,
                "speed_window": 5,
            },
        },
        "selection": {
            "deg": {"n_features": 6}, "lasso_en": {"repeats": 2, "n_penalties": 5, "folds": 3},
        },
        "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 5},
    }  # fmt: skip
    targets = [f"results/own/{selection}/scored" for selection in selections]
    done = run_workflow(tmp_path, config, "--", *targets)
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results/own"
    written = [*results.rglob("cohorts/*.tsv.gz"), *results.rglob("draws/*.tsv.gz")]
    assert len(written) == 3 * (2 + len(selections)) + len(selections)
    for path in written:
        groups = read_cohort(path).groups
        assert groups is not None, path
        assert groups.to_dict() == patients[groups.index].to_dict()
    for selection in selections:
        drawn = pd.read_table(results / selection / "experiments.tsv").set_index("class")
        assert drawn["n_samples"].to_dict() == {"healthy": 30, "ill": 15}
        assert drawn["n_groups"].to_dict() == {"healthy": 10, "ill": 5}
        draw = read_draw(results / selection / "draws", DrawId("c30_i0.5"))
        of = draw.cohort.groups.to_numpy()
        assert [{*of[fold.train]} & {*of[fold.test]} for fold in draw.folds] == [set()] * 5
        of_draw = results / selection / "training" / draw.id.name
        assert len([*of_draw.glob("fold*/")]) == 5
        chosen = pd.read_table(of_draw / "chosen.tsv").set_index("class")
        assert chosen["n_folds"].to_dict() == {"healthy": 1, "ill": 3}
        assert (chosen["n_held_out"] % N_EACH == 0).all()
        tuning = pd.read_table(results / selection / "scored" / draw.id.name / "tuning.tsv")
        assert (tuning["n_folds"] == 5).all()
    if "lasso_en" in selections:
        repeats = pd.read_table(results / "lasso_en/selection/repeats.tsv")
        assert (repeats["n_held_out"] % N_EACH == 0).all()
