"""Tables by their addresses, and given draws, through the workflow's own rules."""

import shutil

import pandas as pd
import pytest

import released
from evenomics.files import read_table
from file_server import serving
from snakemake_runs import run_workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def folder(shared_data, tmp_path, monkeypatch):
    """Folder of the server: the released tables, as the public repository has them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    released.write_as_released(shared_data, tmp_path / "server")
    return tmp_path / "server"


@pytest.fixture
def paths(folder):
    return {(path.parent.name, path.stem): f"{path.parent.name}/{path.name}"
            for path in folder.rglob("*.csv")}  # fmt: skip


def test_given_draws_are_downloaded_once_and_drawn_as_they_are(
    shared_data, folder, paths, tmp_path
):
    """Two studies of the same tables, one harmonised, with random draws beside the given ones."""
    with serving(folder) as (url, asked):
        study = released.study_of("simulation", url, folder, paths, harmonise="zscore")
        grid = {"whole": True, "controls": [30, "all"], "imbalance": [0.4]}
        both = {
            "simulation": study,
            "again": {**study, "experiments": {**study["experiments"], **grid}},
        }
        config = {"studies": both, "download": {"attempts": 1}}
        goals = [f"results/{name}/none/experiments.tsv" for name in both]
        done = run_workflow(tmp_path / "run", config, *goals, cores=2)
        assert done.returncode == 0, done.stderr[-3000:]
        assert sorted(asked) == sorted(
            f"/{paths['simulation', table]}" for table in released.tables_of("simulation")
        )
        done = run_workflow(tmp_path / "run", config, *goals, cores=2)
        assert "Nothing to be done" in done.stdout + done.stderr
        # everything anew but the downloads
        for part in ("results", "resources/tables/checked"):
            shutil.rmtree(tmp_path / "run" / part)
        done = run_workflow(tmp_path / "run", config, *goals, cores=2)
        assert done.returncode == 0, done.stderr[-3000:]
        assert len(asked) == len(set(asked))
    results = tmp_path / "run/results"
    sizes = read_table(results / "simulation/none/experiments.tsv")
    assert dict(zip(sizes["experiment"], sizes["number"], strict=True)) == {
        name: number for number, name in enumerate(released.DRAWS, start=1)
    }
    assert set(sizes["replicate"]) == {1}
    real = pd.read_table(results / "simulation/none/cohorts/real.1.tsv.gz").set_index("sample_id")
    assert len(real) == 250
    for name in released.DRAWS:
        drawn = pd.read_table(results / f"simulation/none/draws/{name}.1.tsv.gz")
        true = released.read(shared_data, "simulation", name)
        classes = true["class"].map({"1": "case", "2": "control"})
        assert drawn["class"].tolist() == classes.tolist()
        # z-scores of one cohort keep the order of the values of a feature
        assert drawn["V7"].rank().tolist() == true["V7"].astype(float).rank().tolist()
        pd.testing.assert_frame_equal(drawn.set_index("sample_id"), real.loc[drawn["sample_id"]])
    sizes = read_table(results / "again/none/experiments.tsv")
    drawn = sizes.groupby("experiment")["replicate"].nunique().to_dict()
    assert drawn == {**dict.fromkeys([*released.DRAWS, "whole"], 1), "c30_i0.4": 5, "all_i0.4": 5}
    of_all = sizes[sizes["experiment"] == "all_i0.4"].groupby("class")["n_samples"].unique()
    assert of_all.map(list).to_dict() == {"control": [178], "case": [71]}


def test_another_file_or_none_says_what_to_do(folder, paths, tmp_path):
    with serving(folder) as (url, _):
        study = released.study_of("lipidomics", url, folder, paths)
        true = study["cohorts"]["validation"]["sha256"]
        study["cohorts"]["validation"]["sha256"] = false = true[::-1]
        study["cohorts"]["external"]["path"] += ".old"
        config = {"studies": {"s": study}, "download": {"attempts": 1}}
        done = run_workflow(tmp_path / "run", config, "results/s/cohorts", "--keep-going")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert f"{url}/lipidomics/validation.csv is not the file that is meant:" in said
    assert f"its SHA-256 is {true}" in said
    assert f"it has to be {false}" in said
    assert f"{url}/lipidomics/external.csv.old could not be downloaded:" in said
    assert "the server says 404" in said
    external = study["cohorts"]["external"]["sha256"]
    assert f"put it at {tmp_path}/run/resources/tables/{external[:12]}.external.csv.old" in said
    assert "Traceback" not in said
    # without a network, and then what the message advises
    kept = tmp_path / f"run/resources/tables/{external[:12]}.external.csv.old"
    study["cohorts"]["external"]["path"] = "http://127.0.0.1:9/external.csv.old"
    study["cohorts"]["validation"]["sha256"] = true
    study["cohorts"]["validation"]["path"] = str(folder / paths["lipidomics", "validation"])
    done = run_workflow(tmp_path / "run", config, "results/s/cohorts")
    assert done.returncode != 0
    assert (
        f"check the network, try again later, or download it by other means and put it at {kept}"
        in (done.stdout + done.stderr)
    )
    shutil.copy(folder / paths["lipidomics", "external"], kept)
    done = run_workflow(tmp_path / "run", config, "results/s/cohorts")
    assert done.returncode == 0, done.stderr[-3000:]
