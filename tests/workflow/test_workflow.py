"""The workflow as a user runs it: whole, again, on other numbers of cores, and with mistakes."""

import json
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn.metrics import roc_auc_score

import fake_results
from evenomics.data.cohort_files import read_cohort
from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.files import read_table, write_table
from snakemake_runs import SCRIPTS, run_workflow, table_hashes

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow

# Two replicates of two studies: draws from fixed cohorts, and splits of a table of three classes.
# Networks and numbers are as small as they can be.
TINY = {
    "seed": 3,
    "engine": "cpu",
    "studies": {
        "simulated": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "builtin", "n_features": 9, "n_real": 40, "n_external": 40,
                "n_validation": 40,
            },
            "draws": {"replicates": 2},
            "experiments": {"controls": [12], "imbalance": [0.5]},
        },
        "wine": {
            "classes": ["class_1", "class_0", "class_2"],
            "cohorts": {"source": "sklearn", "dataset": "wine", "split": {"replicates": 2}},
            "experiments": {"whole": True, "controls": []},
        },
    },
    "arms": [
        "none", "smote", "gan", "expand_gan", "classic_gan", "untrained_gan",
        {"copies": {"class": "imblearn.over_sampling.RandomOverSampler"}}, "auto",
    ],
    "alphas": [[0, 0], [1, 0]],
    "multipliers": [0.5, 1.0],
    "gan": {
        "networks": {"hidden": [6, 8]},
        "pretraining": {"epochs": [20, 20], "critic_updates": [1, 2], "dropout": [0.3, 0.5]},
        "retraining": {"epochs_1": 20, "epochs_2": 20},
        "choice": {"epoch_choice": "held_out", "rate_choice": "curve", "speed_window": 5},
    },
    "scoring": {"classifiers": ["logistic_regression"], "repeats": 2, "folds": 2},
}  # fmt: skip
#: Arms that are scored themselves, as `auto` is not.
OWN = ["none", "smote", "gan", "expand_gan", "classic_gan", "untrained_gan", "copies"]
EXPERIMENTS = {"simulated": "c12_i0.5", "wine": "whole"}
SCORED = [f"results/{study}/none/scored" for study in EXPERIMENTS]
SETTING = ["arm", "alpha", "multiplier", "bandwidth"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a whole run on two cores."""
    folder = tmp_path_factory.mktemp("two_cores")
    done = run_workflow(folder, TINY, cores=2)
    assert done.returncode == 0, done.stderr[-6000:]
    return folder


def copy_without(finished: Path, folder: Path, *lost: str) -> Path:
    """Copy the folder of a run, but for parts of the results of every study."""
    shutil.copytree(finished, folder)
    for study in EXPERIMENTS:
        for name in lost:
            shutil.rmtree(folder / f"results/{study}/none" / name)
    return folder


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(finished: Path) -> None:
    done = run_workflow(finished, TINY, cores=2)
    assert "Nothing to be done" in done.stderr
    assert done.returncode == 0


@pytest.mark.slow
def test_arms_that_change_are_scored_again_whatever_else_changes_with_them(finished: Path) -> None:
    """Without GANs, other cohorts are watched: cohorts are checked again, and arms are scored."""
    done = run_workflow(finished, {**TINY, "arms": ["none", "smote"]}, "--dry-run", cores=2)
    for rule in ("check_cohorts", "score_arms"):
        assert re.search(rf"^{rule} +2$", done.stdout + done.stderr, re.M)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "rule"),
    [
        ("scored", "score_arms"),
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
    """Up to the scores; from there on, a study has one process in either case."""
    done = run_workflow(tmp_path, TINY, "--", *SCORED)
    assert done.returncode == 0, done.stderr[-6000:]
    one, two = table_hashes(tmp_path / "results"), table_hashes(finished / "results")
    assert len(one) > 100
    assert one == {name: two[name] for name in one}


@pytest.mark.slow
def test_two_jobs_per_study_give_the_tables_of_one(finished: Path, tmp_path: Path) -> None:
    """Each has a replicate; the report makes the same tables of both."""
    folder = copy_without(finished, tmp_path / "copy", "training", "scored")
    goals = ["results/wine/none/summary.tsv", *(f"{SCORED[0]}.{part}of2" for part in (1, 2))]
    done = run_workflow(folder, {**TINY, "jobs_per_study": 2}, "--", *goals, cores=2)
    assert done.returncode == 0, done.stderr[-6000:]
    assert "wine: tests, answer, figures and tables" in done.stderr
    for study, experiment in EXPERIMENTS.items():
        for kind, part in product(("training", "scored"), (1, 2)):
            draws = (folder / f"results/{study}/none/{kind}.{part}of2").glob("*/")
            assert [path.name for path in draws] == [f"{experiment}.{part}"]
    found = table_hashes(folder / "results")
    in_parts = {re.sub(r"\.\dof2/", "/", name): content for name, content in found.items()}
    assert in_parts == table_hashes(finished / "results")


@pytest.mark.slow
def test_scoring_that_was_killed_goes_on_and_gives_the_same_tables(
    finished: Path, tmp_path: Path
) -> None:
    """The job itself is killed, which its run survives; what it had scored is not scored again."""
    folder = copy_without(finished, tmp_path / "copy", "scored")
    goals = ["--", SCORED[0]]
    scored = folder / SCORED[0].replace("scored", "checkpoints/scores")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(run_workflow, folder, TINY, *goals)
        while not [*scored.glob("c12*")]:
            assert not run.done(), run.result().stderr
            time.sleep(0.05)
        processes = psutil.Process().children(recursive=True)
        (job,) = (p for p in processes if any(w.endswith("score_arms.py") for w in p.cmdline()))
        job.kill()
        assert run.result().returncode != 0
    before = {path.name for path in scored.glob("c12*")}
    assert len(before) < 2 * len(OWN)
    done = run_workflow(folder, TINY, *goals)
    assert done.returncode == 0, done.stderr
    seconds = pd.concat(read_table(path) for path in folder.glob(f"{SCORED[0]}/*/seconds.tsv"))
    assert (seconds["seconds"] == 0).sum() >= len(before)
    assert (seconds["seconds"] > 0).any()
    assert table_hashes(folder / SCORED[0]) == table_hashes(finished / SCORED[0])


@pytest.mark.slow
@pytest.mark.parametrize("study", EXPERIMENTS)
def test_every_arm_is_tuned_and_scored_in_every_replicate(finished: Path, study: str) -> None:
    folder = finished / f"results/{study}/none"
    scores, tuning = read_table(folder / "scores.tsv.gz"), read_table(folder / "tuning.tsv")
    cells = {*product([1, 2], [*OWN, "auto"])}
    for table in (scores, tuning):
        assert {*zip(table["replicate"], table["arm"], strict=True)} == cells
        assert set(table["experiment"]) == {EXPERIMENTS[study]}
    assert set(scores["repeat"]) == {0, 1}
    auroc = scores[scores["metric"] == "auroc"]["value"]
    assert len(auroc) == 2 * 2 * (6 + 2 * 2 + 4 - 2)
    assert auroc.between(0, 1).all()
    chosen = tuning[tuning["chosen"]]
    assert sorted(zip(chosen["replicate"], chosen["arm"], strict=True)) == sorted(cells)


@pytest.mark.slow
@pytest.mark.parametrize("study", EXPERIMENTS)
def test_auto_takes_the_best_of_cross_validation_and_has_its_scores(
    finished: Path, study: str
) -> None:
    folder = finished / f"results/{study}/none"
    scores, tuning = read_table(folder / "scores.tsv.gz"), read_table(folder / "tuning.tsv")
    taken = read_table(folder / "auto.tsv").set_index("replicate")
    assert [*taken.index] == [1, 2]
    for replicate, row in taken.iterrows():
        mine = tuning[(tuning["replicate"] == replicate) & (tuning["arm"] != "auto")]
        assert row["cv_score"] == mine["cv_score"].max()
        best = mine[mine["cv_score"] == row["cv_score"]]
        assert tuple(row[SETTING]) in {*best[SETTING].itertuples(index=False, name=None)}
        of = scores[scores["replicate"] == replicate]
        of_best = of[(of[SETTING] == row[SETTING]).all(axis=1)]
        of_auto = of[of["arm"] == "auto"]
        np.testing.assert_array_equal(of_auto["value"], of_best["value"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "test"),
    [("simulated", "obuchowski_rockette"), ("wine", "corrected_resampled_t")],
)
def test_arms_are_summarised_and_compared_over_the_replicates(
    finished: Path, study: str, test: str
) -> None:
    """Means are of what the scores of both replicates say, at the setting chosen in each."""
    folder = finished / f"results/{study}/none"
    scores, tuning = read_table(folder / "scores.tsv.gz"), read_table(folder / "tuning.tsv")
    chosen = tuning.loc[tuning["chosen"], ["replicate", *SETTING]]
    of_replicates = (
        scores.merge(chosen)
        .groupby(["arm", "metric", "threshold", "replicate"], sort=False)["value"].mean()
        .groupby(level=["arm", "metric", "threshold"], sort=False)
    )  # fmt: skip
    summary = read_table(folder / "summary.tsv").set_index(["arm", "metric", "threshold"])
    assert set(summary.loc[(slice(None), "auroc", "none"), "n_replicates"]) == {2}
    for name, values in (("mean", of_replicates.mean()), ("sd", of_replicates.std())):
        pd.testing.assert_series_equal(summary[name], values.rename(name), check_like=True)
    compared = read_table(folder / "comparison.tsv")
    assert set(compared["test"]) == {test}
    assert set(compared["n_replicates"]) == {2}
    assert compared.groupby("question")["arm"].agg(set).to_dict() == {
        "balancing": {*OWN, "auto"} - {"none"},
        "smote": {"auto"},
        "threshold": {*OWN, "auto"} - {"none"},
        "untrained": {"gan", "expand_gan", "classic_gan"},
    }
    answers = read_table(folder / "answers.tsv")
    assert set(answers["n_replicates"]) == {2}
    assert "auto" in set(answers["arm"])


@pytest.mark.slow
def test_draws_of_fixed_cohorts_share_samples_and_splits_have_cohorts_of_their_own(
    finished: Path,
) -> None:
    ids = {}
    for study, experiment in EXPERIMENTS.items():
        folder = finished / f"results/{study}/none"
        draws = [read_cohort(folder / f"draws/{experiment}.{k}.tsv.gz") for k in (1, 2)]
        assert set(draws[0].features.index) != set(draws[1].features.index)
        experiments = read_table(folder / "experiments.tsv")
        for number, draw in enumerate(draws, 1):
            mine = experiments[experiments["replicate"] == number].set_index("class")
            assert mine["n_samples"].to_dict() == draw.class_counts()
            other = draws[2 - number].features.index
            in_both = draw.classes[draw.features.index.isin(other)].value_counts()
            for name, n in mine["n_samples"].items():
                assert mine["shared"][name] == pytest.approx(in_both.get(name, 0) / n)
        validation = folder / "cohorts/validation"
        ids[study] = [
            tuple(read_cohort(path).features.index)
            for path in sorted(validation.parent.glob("validation.*"))
        ]
    assert len(ids["simulated"]) == 1
    assert len(set(ids["wine"])) == 2


@pytest.mark.slow
def test_predictions_and_generated_samples_of_every_draw_are_kept(finished: Path) -> None:
    """The AUROC of the kept scores is that of the table; scikit-learn's is the oracle."""
    folder = finished / "results/simulated/none"
    scores = read_table(folder / "scores.tsv.gz")
    keys = ["replicate", *SETTING, "repeat"]
    found = {}
    for draw in ("c12_i0.5.1", "c12_i0.5.2"):
        for kind in ("predictions", "generated"):
            files = (folder / "scored" / draw / kind).iterdir()
            assert {path.name for path in files} == {f"{arm}.tsv.gz" for arm in OWN}
        for arm in OWN:
            predictions = read_table(folder / f"scored/{draw}/predictions/{arm}.tsv.gz")
            for key, rows in predictions.groupby(keys):
                found[key] = roc_auc_score(rows["class"] == "case", rows["score.case"])
        real = read_table(folder / f"draws/{draw}.tsv.gz", [f"F{i}" for i in range(1, 10)])
        copies = read_table(folder / f"scored/{draw}/generated/copies.tsv.gz", real.columns[2:])
        assert len(copies) == 6
        for row in copies[real.columns[2:]].to_numpy():
            assert np.isclose(real[real.columns[2:]], row).all(axis=1).any()
    table = scores[(scores["metric"] == "auroc") & (scores["arm"] != "auto")].set_index(keys)
    # an arm that adds nothing has the predictions of its first repeat only
    assert {*table.index} - {*found} == {(k, "none", *["none"] * 3, 1) for k in (1, 2)}
    for key, auroc in found.items():
        assert table["value"][key] == pytest.approx(auroc)


@pytest.mark.slow
@pytest.mark.parametrize("tuning", ["draw", "shared_generator", "balanced"])
def test_other_ways_of_tuning(finished: Path, tmp_path: Path, tuning: str) -> None:
    """On the draw: all arms have the same parameters. Otherwise, folds have no generators."""
    config = {
        **TINY,
        "studies": {"simulated": TINY["studies"]["simulated"]},
        "arms": ["none", "smote", "gan", "auto"],
        "alphas": [[0, 0]],
        "scoring": {**TINY["scoring"], "tuning": tuning},
    }
    run = copy_without(finished, tmp_path / "copy", "training", "scored")
    done = run_workflow(run, config, "--", SCORED[0], cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    folder = run / "results/simulated/none"
    tables = [read_table(path) for path in sorted(folder.glob("scored/*/tuning.tsv"))]
    assert [set(table["arm"]) for table in tables] == [set(config["arms"])] * 2
    in_folds = [*folder.glob("training/*/fold*/*.safetensors")]
    assert len(in_folds) == (4 if tuning == "draw" else 0)
    if tuning == "draw":
        assert [table["parameters"].nunique() for table in tables] == [1, 1]


@pytest.mark.slow
def test_hyper_parameters_of_a_table_are_taken_and_those_of_a_grid_tuned(
    finished: Path, tmp_path: Path
) -> None:
    """A table for one arm, a grid for the others, another metric; a wrong table stops the run."""
    run = copy_without(finished, tmp_path / "copy", "scored")
    rows = ["classifier\tarm\tparameters", 'logistic_regression\tsmote\t"{""C"": 0.3}"']
    (run / "given.tsv").write_text("\n".join(rows))
    config = {
        **TINY,
        "studies": {"simulated": TINY["studies"]["simulated"]},
        "scoring": {
            **TINY["scoring"],
            "tuning_metric": "hard_auroc",
            "grids": {"logistic_regression": [{"C": [7, 8]}]},
            "hyper_parameters": "given.tsv",
        },
    }
    done = run_workflow(run, config, "--", SCORED[0], cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    paths = (run / "results/simulated/none").glob("scored/*/tuning.tsv")
    table = pd.concat(map(read_table, paths)).query("arm != 'auto'")
    table = table[table["classifier"] == "logistic_regression"]
    found = table.assign(C=[json.loads(text)["C"] for text in table["parameters"]])
    assert set(found["C"][found["arm"] == "smote"]) == {0.3}
    assert set(found["C"][found["arm"] != "smote"]) <= {7, 8}
    assert set(found["cv_metric"]) == {"hard_auroc"}
    (run / "given.tsv").write_text("\n".join([*rows, "logistic_regression\t\tC=1"]))
    failed = run_workflow(run, config, "--", SCORED[0], cores=2)
    assert "given.tsv, line 3: parameters: found 'C=1'" in failed.stderr


@pytest.mark.slow
def test_the_training_table_names_rule_and_time_of_every_gan(finished: Path) -> None:
    """Per class and draw: two alphas and, for classes that grow, a classic one."""
    folder = finished / "results/simulated/none"
    gans = ["case.alpha0.classic", "case.alpha0.transfer", "case.alpha1.transfer"]
    gans += ["control.alpha0.transfer"]
    for replicate in (1, 2):
        of_draw = folder / f"training/c12_i0.5.{replicate}"
        chosen = read_table(of_draw / "chosen.tsv")
        assert sorted(chosen["gan"]) == gans
        assert set(chosen["replicate"]) == {replicate}
        assert chosen[["lr_1_rule", "lr_2_rule", "epoch_2_rule"]].notna().all(axis=None)
        assert (chosen["seconds"] > 0).all()
        for place in (of_draw, of_draw / "fold1", of_draw / "fold2"):
            assert sorted(path.stem for path in place.glob("*.safetensors")) == gans
    timings = read_table(folder / "timings.tsv")
    steps = timings[timings["what"].isna()].set_index("step")
    assert steps["engine"].dropna().to_dict() == {"pretrain": "cpu", "retrain": "cpu"}
    assert (steps["seconds"] > 0).all()
    arms = timings[timings["step"] == "score_arms"]["what"].dropna()
    assert [*arms] == [f"c12_i0.5, {arm}" for arm in OWN]


@pytest.mark.slow
def test_every_table_of_a_run_is_read_back_as_it_was_written(finished: Path) -> None:
    """Every column has its type in one place, and no cell changes on the way through a reader."""
    results, read = finished / "results", set()
    for path in [*results.rglob("*.tsv"), *results.rglob("*.tsv.gz")]:
        if path.parent.name in {"cohorts", "draws"} or "benchmarks" in path.parts:
            continue  # `read_cohort`'s, and Snakemake's
        numbers: list[str] = []
        if path.parent.name == "generated":
            draw = read_cohort(path.parents[3] / f"draws/{path.parents[1].name}.tsv.gz")
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
                kind = np.float32 if found[name].dtype == np.float32 else float
                truth = np.array([float(cell) if cell else np.nan for cell in text[name]], kind)
                np.testing.assert_array_equal(found[name].to_numpy(kind), truth, f"{path}: {name}")
            else:
                assert found[name].astype(str).where(found[name].notna(), "").equals(text[name])
        read.add(path.name)
    assert read >= {
        "scores.tsv.gz", "tuning.tsv", "auto.tsv", "roc.tsv", "smote.tsv.gz", "seconds.tsv",
        "settings.tsv", "summary.tsv", "comparison.tsv", "paper_comparison.tsv", "answers.tsv",
        "sentences.tsv", "confusion.tsv", "per_class.tsv", "calibration.tsv", "timings.tsv",
        "experiments.tsv", "data.tsv", "chosen.tsv", "rates.tsv", "history.tsv.gz", "stages.tsv",
    }  # fmt: skip


@pytest.mark.slow
def test_what_is_said_of_lost_generators_brings_them_back(tmp_path: Path) -> None:
    """Of a fold, one is damaged and one deleted. The advice is followed to the letter.

    Nothing is trained again, and the scores are those of before.
    """
    simulated = TINY["studies"]["simulated"] | {"draws": {"replicates": 1}}
    config = {
        **TINY,
        "studies": {"simulated": simulated},
        "arms": ["classic_expand_gan"],
        "multipliers": [1.0],
    }
    scored = tmp_path / SCORED[0]

    def run():
        return run_workflow(tmp_path, config, "--", SCORED[0])

    done = run()
    assert done.returncode == 0, done.stderr[-6000:]
    before = table_hashes(scored)
    damaged, deleted = sorted(scored.parent.glob("training/c12_i0.5.1/fold2/*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-8])
    deleted.unlink()
    shutil.rmtree(scored)
    shutil.rmtree(scored.with_name("checkpoints") / "scores")

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
    assert table_hashes(scored) == before
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
