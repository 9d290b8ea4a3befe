"""Cohorts from elsewhere through the workflow's own rules: GEO from a server, R data, lipids."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml

from file_server import serving
from geo_records import write_series_on_two_platforms
from snakemake_runs import run_workflow

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.workflow, pytest.mark.slow]
# as short as a training can be; what is trained is not looked at here
SHORT = {
    "arms": ["none", "smote", "gan", "expand_gan"],
    "alphas": [[0, 0]],
    "gan": {
        "networks": {"hidden": [6, 8]},
        "pretraining": {"epochs": [10, 10], "critic_updates": [1, 2], "dropout": [0.3, 0.5]},
        "retraining": {"epochs_1": 20, "epochs_2": 20},
        "choice": {"speed_window": 5},
    },
    "selection": {"deg": {"n_features": 30}, "lasso_en": {"repeats": 2, "folds": 3}},
    "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 2},
}  # fmt: skip


@pytest.fixture
def mirror(geo_files, monkeypatch, tmp_path) -> Iterator[tuple[str, list[str]]]:
    """Serve a real GEO file from where GEO has it; give the URL, and the paths asked for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "server/datasets/GDSnnn/GDS507/soft"
    folder.mkdir(parents=True)
    shutil.copy(geo_files / "GDS507.soft.gz", folder)
    with serving(tmp_path / "server") as served:
        yield served


@pytest.mark.r
def test_a_data_set_of_geo_is_downloaded_read_and_selected(tmp_path, mirror):
    """Kidney cancer (9) and normal tissue (8): accession to 30 genes of limma; downloaded once."""
    url, asked = mirror
    study = {
        "classes": ["normal", "RCC"],
        "cohorts": {
            "source": "geo",
            "table": {
                "accession": "GDS507", "class_column": "disease.state",
                "classes": {"normal": "^normal$", "RCC": "^RCC$"},
            },
            "split": {"real": 0.5, "external": 0.0, "validation": 0.5, "replicates": 1},
        },
        "experiments": {"whole": True, "controls": []},
        "selections": ["deg"],
    }  # fmt: skip
    config = {**SHORT, "studies": {"kidney": study}, "download": {"mirror": url, "attempts": 2}}
    goal = "results/kidney/deg/experiments.tsv"
    done = run_workflow(tmp_path, config, goal, cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    draw = pd.read_table(tmp_path / "results/kidney/deg/draws/whole.1.tsv.gz")
    assert draw.shape == (9, 32) or draw.shape == (8, 32)
    assert set(draw["class"]) == {"normal", "RCC"}
    expression = pd.read_table(tmp_path / "results/kidney/deg/selection/expression.tsv")
    assert len(expression) == 17_952
    assert draw.columns[2:].tolist() == expression["feature"].head(30).tolist()
    assert asked == ["/datasets/GDSnnn/GDS507/soft/GDS507.soft.gz"]
    assert (tmp_path / "resources/geo/GDS507.any.series.gz.sha256").exists()
    # another server, and less patience: nothing of that is a reason to do anything again
    config["download"] = {"mirror": "http://127.0.0.1:9", "attempts": 1, "timeout": 1}
    done = run_workflow(tmp_path, config, goal, cores=2)
    assert "Nothing to be done" in done.stdout + done.stderr
    # everything anew but the download
    for folder in ("results", "resources/geo/checked"):
        shutil.rmtree(tmp_path / folder)
    done = run_workflow(tmp_path, config, goal, cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(asked) == 1
    # a file that does not fit its checksum any more is not used
    for folder in ("results", "resources/geo/checked"):
        shutil.rmtree(tmp_path / folder)
    (tmp_path / "resources/geo/GDS507.any.series.gz").write_bytes(b"garbage")
    done = run_workflow(tmp_path, config, goal, cores=2)
    assert done.returncode != 0
    assert "http://127.0.0.1:9/datasets/GDSnnn" in done.stdout + done.stderr


@pytest.mark.r
def test_a_series_on_two_platforms_is_downloaded_and_put_together(tmp_path, mirror):
    """A matrix and a table for each platform; from files of one's own the same cohort."""
    url, asked = mirror
    files = write_series_on_two_platforms(tmp_path / "server")
    spec = {
        "accession": "GSE1", "platform": ["GPL1", "GPL2"], "class_column": "tissue:ch1",
        "classes": {"case": "^tumour$", "control": "^normal$"},
    }  # fmt: skip
    own = {"file": [*map(str, files["series"])], "platform_file": [*map(str, files["platform"])]}
    tables = []
    for name, options in (("served", spec), ("own", spec | own)):
        study = {"classes": ["control", "case"], "cohorts": {"source": "geo", "table": options}}
        config = {"studies": {name: study}, "download": {"mirror": url, "attempts": 1}}
        goal = f"results/{name}/imported/table.tsv.gz"
        done = run_workflow(tmp_path, config, goal)
        assert done.returncode == 0, done.stderr[-3000:]
        tables.append(pd.read_table(tmp_path / goal, index_col=0))
    assert [*tables[0].index] == ["GSM1", "GSM2", "GSM3", "GSM7", "GSM8", "GSM9"]
    assert [*tables[0].columns] == ["class", "GA", "GB"]
    pd.testing.assert_frame_equal(*tables)
    assert sorted(asked) == sorted(
        f"/{path.relative_to(tmp_path / 'server')}" for paths in files.values() for path in paths
    )


@pytest.mark.r
def test_a_file_put_by_hand_after_a_killed_download_is_used(tmp_path, geo_files, monkeypatch):
    """Snakemake takes the output of a killed job away; the place that the message names is none."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        spec = {
            "accession": "GDS507", "class_column": "disease.state",
            "classes": {"normal": "^normal$", "RCC": "^RCC$"},
        }  # fmt: skip
        study = {"classes": ["normal", "RCC"], "cohorts": {"source": "geo", "table": spec}}
        config = {
            "studies": {"kidney": study},
            "download": {"mirror": f"http://127.0.0.1:{silent.getsockname()[1]}", "attempts": 1},
        }
        goal = "results/kidney/imported/table.tsv.gz"
        silent.settimeout(60)
        with ThreadPoolExecutor() as pool:
            run = pool.submit(run_workflow, tmp_path, config, goal)
            with silent.accept()[0]:  # it has asked, and gets no answer
                subprocess.run(["pkill", "-KILL", "-f", str(tmp_path)], check=True)
            assert run.result().returncode == -signal.SIGKILL
        assert run_workflow(tmp_path, config, "--unlock").returncode == 0
        shutil.copy(geo_files / "GDS507.soft.gz", tmp_path / "resources/geo/GDS507.any.series.gz")
        done = run_workflow(tmp_path, config, goal)
    assert done.returncode == 0, done.stderr[-3000:]
    assert pd.read_table(tmp_path / goal).shape[0] == 17


@pytest.mark.r
def test_a_download_that_fails_says_what_to_do(tmp_path, mirror):
    url, asked = mirror
    spec = {"accession": "GSE25097", "class_column": "title", "classes": {"a": "a", "b": "b"}}
    study = {"classes": ["a", "b"], "cohorts": {"source": "geo", "table": spec}}
    config = {"studies": {"s": study}, "download": {"mirror": url, "attempts": 2}}
    done = run_workflow(tmp_path, config, "results/s/cohorts", cores=2)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert f"{url}/series/GSE25nnn/GSE25097/matrix/GSE25097_series_matrix.txt.gz" in said
    assert "resources/geo/GSE25097.any.series.gz" in said
    assert "404" in said
    assert "Traceback" not in said
    assert len(asked) == 1


@pytest.mark.r
@pytest.mark.usefixtures("robjects")
def test_the_leukaemia_study_runs(tmp_path):
    """R data through rpy2, limma, LASSO and elastic net, and the report's pages, in one command."""
    config = yaml.safe_load((ROOT / "config/leukaemia.yaml").read_text()) | SHORT
    config["studies"]["leukaemia"]["cohorts"]["split"]["replicates"] = 2
    done = run_workflow(tmp_path, config, cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    data = pd.read_table(tmp_path / "results/leukaemia/deg/data.tsv").set_index("cohort")
    assert data["n_samples"].sum() == 38
    assert data.loc[["real", "validation"], "AML"].sum() + 2 == 11
    assert set(data["n_features_measured"]) == {3051}
    assert set(data["n_features_used"]) == {30}
    summary = pd.read_table(tmp_path / "results/summary.tsv")
    assert set(summary["selection"]) == {"deg", "deg_lasso_en"}
    assert (
        "R data, multtest, golub"
        in (tmp_path / "results/leukaemia/deg/tables/data.html").read_text()
    )


@pytest.mark.r
@pytest.mark.usefixtures("robjects")
def test_an_r_object_is_split_by_patient(tmp_path):
    """No patient is in two cohorts, and the patient's number is no feature."""
    code = (
        "set.seed(1); n <- 60; x <- as.data.frame(matrix(rnorm(4 * n), n)); "
        "x$patient <- rep(1:20, each = 3); x$status <- rep(c('ill', 'well'), c(24, 36)); "
        "saveRDS(x, 'x.rds')"
    )
    subprocess.run(["Rscript", "--vanilla", "-e", code], cwd=tmp_path, check=True)
    cohorts = {
        "source": "rdata",
        "table": {"path": "x.rds", "class_column": "status"},
        "split": {"by": "patient", "real": 0.5, "external": 0.2, "validation": 0.3},
    }
    config = {**SHORT, "studies": {"s": {"classes": ["well", "ill"], "cohorts": cohorts}}}
    done = run_workflow(tmp_path, config, "results/s/cohorts", cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    patients = []
    for name in ("real", "external", "validation"):
        samples = pd.read_table(tmp_path / f"results/s/cohorts/{name}.1.tsv.gz")
        assert samples.columns.tolist() == ["sample_id", "class", "group", "V1", "V2", "V3", "V4"]
        number = samples["sample_id"].astype(str).str.extract(r"(\d+)$")[0].astype(int)
        patients.append(set((number - 1) // 3))
        assert set(samples["group"] - 1) == patients[-1]
    assert sum(map(len, patients)) == 20
    assert set.union(*patients) == set(range(20))


def test_the_lipidomics_study_of_the_paper_runs_on_tables(tmp_path, shared_data):
    """On metabolites of infants, by infant: a third class in the external cohort, LASSO and EN."""
    folder = shared_data / "infant_feeding"
    labels = pd.read_csv(folder / "labels.csv", index_col="sample_id")
    table = pd.read_csv(folder / "X.csv.gz", index_col="sample_id")
    # three kinds of feeding: the MFGM formula stands for the mixed-fed infants
    kinds = labels["diet"].unique()
    assert len(kinds) == 3
    names = {kind: "mixed" for kind in kinds if "MFGM" in kind}
    names |= {kind: "Formula" for kind in kinds if "tandard" in kind}
    names |= {kind: "HM" for kind in kinds if kind not in names}
    feeding = labels["diet"].map(names).rename("feeding")
    table = pd.concat([feeding.reindex(table.index), table], axis=1)
    table.index.name = "sample_id"
    subjects = labels["Subject"].drop_duplicates().sort_values().to_numpy()
    (tmp_path / "data/lipidomics").mkdir(parents=True)
    for part, name in enumerate(("cbgs1", "cbgs2", "pops")):
        mine = labels["Subject"].isin(subjects[part::3]).reindex(table.index)
        table[mine].to_csv(tmp_path / f"data/lipidomics/{name}.tsv", sep="\t")
    paper = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    config = {**SHORT, "studies": {"lipidomics": paper["studies"]["lipidomics"]}}
    config["studies"]["lipidomics"] |= {"harmonise": "zscore", "draws": {"replicates": 1}}
    done = run_workflow(tmp_path, config, cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results/lipidomics"
    external = pd.read_table(results / "cohorts/external.1.tsv.gz")
    # the third class takes part in pre-training
    assert len(external) == labels["Subject"].isin(subjects[1::3]).sum()
    assert external["class"].isna().all()
    real = pd.read_table(results / "none/cohorts/real.1.tsv.gz")
    assert set(real["class"]) == {"HM", "Formula"}
    counts = pd.read_table(results / "none/draws/all_i0.6.1.tsv.gz")["class"].value_counts()
    assert counts["Formula"] == (real["class"] == "Formula").sum()
    assert counts["HM"] == int(0.6 * counts["Formula"])
    n_features = real.shape[1] - 2
    chosen = pd.read_table(results / "lasso_en/cohorts/real.1.tsv.gz").shape[1] - 2
    assert 2 <= chosen <= n_features // 4
    summary = pd.read_table(tmp_path / "results/summary.tsv")
    assert set(summary["selection"]) == {"none", "lasso_en"}
    assert (results / "none/figures/harmonise.svg").exists()
