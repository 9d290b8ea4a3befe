"""The workflow as a user runs it: whole, again, on other numbers of cores, and with mistakes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fake_results
from evenomics.data.cohort_files import read_cohort
from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.files import read_table, write_table
from snakemake_runs import SCRIPTS, run_workflow, table_hashes

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow

# Two studies, one of three classes, with networks and numbers as small as they can be.
TINY = {
    "seed": 3,
    "engine": "cpu",
    "studies": {
        "simulated": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "builtin", "n_features": 9, "n_real": 200, "n_external": 40,
                "n_validation": 60,
            },
            "experiments": {"controls": [16, 20], "imbalance": [0.5], "disjoint": True},
        },
        "wine": {
            "classes": ["class_1", "class_0", "class_2"],
            "cohorts": {"source": "sklearn", "dataset": "wine"},
            "experiments": {"whole": True, "controls": []},
        },
    },
    "arms": ["none", "smote", "gan", "expand_gan", "classic_gan", "shrunk_gaussian"],
    "alphas": [[0, 0], [1, 0]],
    "multipliers": [0.5, 1.0],
    "gan": {
        "networks": {"hidden": [6, 8]},
        "pretraining": {"epochs": [20, 20], "critic_updates": [1, 2], "dropout": [0.3, 0.5]},
        "retraining": {"epochs_1": 40, "epochs_2": 40},
        "choice": {"epoch_choice": "held_out", "rate_choice": "curve", "speed_window": 10},
    },
    "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a whole run on two cores."""
    folder = tmp_path_factory.mktemp("two_cores")
    done = run_workflow(folder, TINY, cores=2)
    assert done.returncode == 0, done.stderr[-6000:]
    return folder


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(finished: Path) -> None:
    done = run_workflow(finished, TINY, cores=2)
    assert "Nothing to be done" in done.stderr
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "rule"),
    [
        ("generated", "score_arms"),
        ("training", "retrain"),
        ("figures/shift.svg", "report_wine_none"),
    ],
)
def test_a_promised_result_that_was_deleted_is_made_again(
    finished: Path, tmp_path: Path, lost: str, rule: str
) -> None:
    """Although figures and tables that were made of it are still there."""
    path = finished / "results/wine/none" / lost
    path.rename(tmp_path / "away")
    try:
        done = run_workflow(finished, TINY, "--dry-run", cores=2)
    finally:
        (tmp_path / "away").rename(path)
    assert re.search(rf"^{rule} +1$", done.stdout + done.stderr, re.M)


@pytest.mark.slow
def test_one_core_and_two_cores_give_the_same_tables(finished: Path, tmp_path: Path) -> None:
    scores = [
        f"results/{study}/none/{t}"
        for study in TINY["studies"]
        for t in ("scores.tsv.gz", "roc.tsv.gz", "comparison.tsv", "tuning.tsv")
    ]
    done = run_workflow(tmp_path, TINY, "--", *scores)
    assert done.returncode == 0, done.stderr[-6000:]
    one, two = table_hashes(tmp_path / "results"), table_hashes(finished / "results")
    assert len(one) > 60
    assert one == {name: two[name] for name in one}


@pytest.mark.slow
def test_every_arm_has_scores_in_every_experiment_and_study(finished: Path) -> None:
    for study, experiments in (("simulated", {"c16_i0.5", "c20_i0.5"}), ("wine", {"whole"})):
        scores = pd.read_csv(finished / f"results/{study}/none/scores.tsv.gz", sep="\t")
        assert set(scores["arm"]) == set(TINY["arms"])
        assert set(scores["experiment"]) == experiments
        auroc = scores[scores["metric"] == "auroc"]["value"]
        assert auroc.between(0, 1).all()
        assert auroc.notna().all()


@pytest.mark.slow
def test_the_training_table_names_rule_and_time_of_every_gan(finished: Path) -> None:
    """Per class and experiment: two alphas and, for classes that grow, a classic one."""
    chosen = pd.read_csv(finished / "results/simulated/none/training/chosen.tsv", sep="\t")
    per_experiment = chosen.groupby("experiment")["gan"].apply(sorted).to_dict()
    gans = ["case.alpha0.classic", "case.alpha0.transfer", "case.alpha1.transfer"]
    gans += ["control.alpha0.transfer"]
    assert per_experiment == {"c16_i0.5": gans, "c20_i0.5": gans}
    assert chosen[["lr_1_rule", "lr_2_rule", "epoch_2_rule"]].notna().all(axis=None)
    assert (chosen["seconds"] > 0).all()
    timings = pd.read_csv(finished / "results/simulated/none/timings.tsv", sep="\t")
    steps = timings[timings["what"].isna()].set_index("step")
    assert steps["engine"].dropna().to_dict() == {"pretrain": "cpu", "retrain": "cpu"}
    assert (steps["seconds"] > 0).all()
    arms = timings[timings["step"] == "score_arms"]["what"].dropna()
    assert sorted(arms) == sorted(f"{e}, {arm}" for e in per_experiment for arm in TINY["arms"])


@pytest.mark.slow
def test_every_table_of_a_run_is_read_back_as_it_was_written(finished: Path) -> None:
    """Every column has its type in one place, and no cell changes on the way through a reader."""
    results, read = finished / "results", set()
    for path in [*results.rglob("*.tsv"), *results.rglob("*.tsv.gz")]:
        if path.parent.name in {"cohorts", "draws"} or "benchmarks" in path.parts:
            continue  # `read_cohort`'s, and Snakemake's
        numbers: list[str] = []
        if path.parent.name == "generated":
            experiment = path.name.removesuffix(".tsv.gz").rpartition(".")[0]
            draw = read_cohort(path.parents[1] / f"draws/{experiment}.tsv.gz")
            numbers = [*draw.features.columns]
        elif path.name == "data.tsv":
            numbers = TINY["studies"][path.parts[-3]]["classes"]
        elif path.parent == results:
            numbers = [*CLASSIFIERS]
        found = read_table(path, numbers)
        text = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        assert [*found.columns] == [*text.columns], path
        for name in found:
            if pd.api.types.is_numeric_dtype(found[name]) and found[name].dtype != bool:
                truth = [float(cell) if cell else np.nan for cell in text[name]]
                np.testing.assert_array_equal(found[name].to_numpy(float), truth, f"{path}: {name}")
            else:
                assert found[name].astype(str).where(found[name].notna(), "").equals(text[name])
        read.add(path.name)
    assert read >= {
        "scores.tsv.gz", "tuning.tsv", "roc.tsv.gz", "whole.smote.tsv.gz", "scoring_seconds.tsv",
        "summary.tsv", "comparison.tsv", "timings.tsv", "experiments.tsv", "data.tsv",
        "chosen.tsv", "rates.tsv", "history.tsv.gz", "stages.tsv",
    }  # fmt: skip


@pytest.mark.slow
def test_what_is_said_of_lost_generators_brings_them_back(tmp_path: Path) -> None:
    """One is damaged, one deleted: both are named, and the advice is followed to the letter.

    Nothing is trained again, and the scores are those of before.
    """
    simulated = TINY["studies"]["simulated"] | {
        "experiments": {"controls": [16], "imbalance": [0.5], "disjoint": False}
    }
    config = {
        **TINY,
        "studies": {"simulated": simulated},
        "arms": ["classic_expand_gan"],
        "multipliers": [1.0],
    }
    study = Path("results/simulated/none")
    scores = study / "scores.tsv.gz"

    def run():
        return run_workflow(tmp_path, config, "--", str(scores))

    done = run()
    assert done.returncode == 0, done.stderr[-6000:]
    before = (tmp_path / scores).read_bytes()
    damaged, deleted = sorted(tmp_path.glob("results/*/none/training/*/*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-8])
    deleted.unlink()
    (tmp_path / scores).unlink()
    shutil.rmtree(tmp_path / study / "checkpoints/scores")

    done = run()
    assert done.returncode != 0
    log = (tmp_path / "results/logs/score_arms/simulated.none.log").read_text()
    for said in (done.stderr + done.stdout, log):
        assert f"{damaged.relative_to(tmp_path)} is not a model of this program" in said
        assert f"{deleted.relative_to(tmp_path)} is missing" in said
        assert "Traceback" not in said
    advised = re.search("delete the whole folder (.*) and run again", log)
    assert advised
    assert advised[1] == "results/simulated/none/training"
    shutil.rmtree(tmp_path / advised[1])

    retraining = tmp_path / "results/logs/retrain/simulated.none.log"
    retraining.unlink()
    done = run()
    assert done.returncode == 0, done.stderr[-6000:]
    assert (tmp_path / scores).read_bytes() == before
    assert set(re.findall(r"(\d+) to train", retraining.read_text())) == {"0"}


def test_a_wrong_column_is_reported_before_anything_is_trained(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    rows = [f"s{i}\t{'ab'[i % 2]}\t{i}\t{i * i}\n" for i in range(12)]
    table.write_text("id\tgroup\tf1\tf2\n" + "".join(rows))
    spec = {"path": "table.tsv", "class_column": "grupp"}
    study = {
        "classes": ["a", "b"],
        "cohorts": {"source": "table", "real": spec, "validation": spec},
        "experiments": {"whole": True, "controls": []},
    }
    done = run_workflow(tmp_path, {**TINY, "studies": {"own": study}})
    assert done.returncode != 0
    log = (tmp_path / "results/logs/load_cohorts/own.log").read_text()
    for said in (done.stderr + done.stdout, log):
        assert "'grupp'" in said
        assert "did you mean 'group'" in said
        assert "Traceback" not in said
    assert not (tmp_path / "results/own/none/pretraining").exists()


def write_cohorts(folder: Path, **values: np.ndarray) -> dict:
    """Write tables of cohorts, classes in turn, and return a study of them."""
    for name, table in values.items():
        rows = [
            "\t".join([f"{name}{i}", "ab"[i % 2], *map(str, row)]) for i, row in enumerate(table)
        ]
        header = "\t".join(["id", "group", *(f"f{j}" for j in range(table.shape[1]))])
        (folder / f"{name}.tsv").write_text("\n".join([header, *rows]))
    tables = {name: {"path": f"{name}.tsv", "class_column": "group"} for name in values}
    return {
        "classes": ["a", "b"],
        "cohorts": {"source": "table", **tables},
        "experiments": {"whole": True, "controls": []},
    }


def test_a_shifted_cohort_is_said_on_the_terminal_when_cohorts_load_and_at_the_end(
    tmp_path: Path,
) -> None:
    """By the rule that checks the cohorts, which no training has to have run for."""
    rng = np.random.default_rng(0)
    study = write_cohorts(
        tmp_path, real=rng.normal(size=(30, 6)), validation=rng.normal(8, size=(30, 6))
    )
    found = "results/far/none/findings.tsv"
    done = run_workflow(tmp_path, {**TINY, "studies": {"far": study}}, "--", found)
    assert done.returncode == 0, done.stderr[-3000:]
    (warning,) = (line for line in done.stderr.splitlines() if line.startswith("WARNING"))
    assert warning.startswith("WARNING: study far: 100% of the validation cells lie beyond")
    assert "(`harmonise: zscore`)" in warning
    assert (
        warning.removeprefix("WARNING: ")
        in (tmp_path / "results/logs/check_cohorts/far.none.log").read_text()
    )
    assert not (tmp_path / "results/far/none/draws").exists()
    answers = fake_results.answers([fake_results.row("smote", 0.05, 0.01, study="far")])
    write_table(answers, tmp_path / "results/answers.tsv")
    for name in ("summary.html", "report.html"):
        (tmp_path / "results" / name).touch()
    printed = subprocess.run(
        [sys.executable, SCRIPTS / "finish_run.py", "results"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert printed.count("WARNING") == printed.count(warning) == 1


def test_copies_of_samples_under_other_ids_stop_the_run_before_training(tmp_path: Path) -> None:
    real = np.random.default_rng(0).normal(size=(12, 6))
    study = write_cohorts(tmp_path, real=real, validation=real[4:])
    done = run_workflow(tmp_path, {**TINY, "studies": {"copied": study}})
    assert done.returncode != 0
    assert "8 samples of cohort 'real'" in done.stderr
    assert "('real4', 'validation0')" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("results/copied/**/*.tsv*"))


def test_all_mistakes_of_a_config_are_told_at_once(tmp_path: Path) -> None:
    config = {**TINY, "arms": ["smoted"], "sed": 1}
    done = run_workflow(tmp_path, config, "--dry-run")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "did you mean 'smote'" in said
    assert "did you mean 'seed'" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["config.yaml", "paper_simulation.yaml"])
def test_the_configs_of_the_project_make_a_plan(name: str, tmp_path: Path) -> None:
    done = run_workflow(tmp_path, ROOT / "config" / name, "--dry-run", "--quiet")
    assert done.returncode == 0, done.stderr[-3000:]
