"""The released tables of the paper's studies, from a server, as the public repository has them."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import released
from evenomics.config.tables import given_draws, study_tables
from evenomics.config.validation import validated
from evenomics.data.cohort import Cohort
from evenomics.data.download import fetch
from evenomics.data.source import load_study
from file_server import serving

#: Study -> samples of the classes, or of the cohort, that released.md has.
SIZES = {
    "lipidomics": {"real": 139, "external": 95, "validation": 27},
    "lipidomics_lasso": {"real": 139, "external": 95, "validation": 27},
    "microarray": {"real": 433, "external": 482, "validation": 439},
    "microarray_lasso": {"real": 433, "external": 422, "validation": 511},
    # the nine draws overlap: 1080 rows
    "simulation": {"real": 250, "external": 300, "validation": 700},
}


def loaded(study: dict, folder: Path) -> dict[str, Cohort]:
    """Download and load the cohorts of a study."""
    study = validated({"studies": {"s": study}})["studies"]["s"]
    found = load_study(
        study["cohorts"],
        study["classes"],
        seed=1,
        given=given_draws(study["experiments"]),
        downloaded={
            table.address: fetch(table.address, folder / table.file_name, sha256=table.sha256)
            for table in study_tables(study)
        },
    )
    return next(found)


def assert_as_released(cohorts: dict[str, Cohort], name: str, shared_data: Path) -> None:
    """Values, classes, and the order of all rows are those of the tables of one form."""
    for table in released.tables_of(name):
        true = released.read(shared_data, name, table).set_index("sample_id")
        cohort = cohorts.get(table)
        if cohort is None:
            cohort = cohorts["real"]
            assert len(set(cohort.draws[table])) == len(true)
            rows = cohort.features.index.get_indexer(pd.Index(cohort.draws[table]))
            cohort = cohort.take(rows)
        values = true.drop(columns="class", errors="ignore").astype(float)
        assert cohort.features.columns.tolist() == values.columns.tolist()
        np.testing.assert_array_equal(cohort.features, values)
        if name.startswith("microarray"):
            assert cohort.features.index.tolist() == true.index.tolist()
        if table != "external":
            names = {"1": "case", "2": "control"} if name == "simulation" else {}
            assert cohort.classes.tolist() == true["class"].replace(names).tolist()


@pytest.mark.parametrize("name", released.TABLES)
def test_every_released_table_is_read_as_it_is(name, shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "server"
    paths = released.write_as_released(shared_data, folder)
    with serving(folder) as (url, asked):
        cohorts = loaded(released.study_of(name, url, folder, paths), tmp_path)
    assert sorted(asked) == sorted(f"/{paths[name, table]}" for table in released.tables_of(name))
    assert {part: cohort.n_samples for part, cohort in cohorts.items()} == SIZES[name]
    assert_as_released(cohorts, name, shared_data)
    ids = {part: [*cohort.features.index] for part, cohort in cohorts.items()}
    if name.startswith("lipidomics"):
        assert [ids[part][8] for part in ids] == ["real_009", "external_09", "validation_09"]
    if name == "simulation":
        # named by the first draw that has them
        counts = pd.Series(ids["real"]).str.rpartition("_")[0].value_counts()
        assert counts.to_dict()["c40_i0.4"] == 56
        assert cohorts["real"].class_counts() == {"case": 72, "control": 178}


def test_random_draws_may_be_from_all_given_ones_together(shared_data, tmp_path):
    """A list of files makes the same cohort as draws that are given."""
    paths = released.write_as_released(shared_data, tmp_path)
    files = [str(tmp_path / paths["simulation", draw]) for draw in released.DRAWS]
    study = released.study_of("simulation", "http://localhost", tmp_path, paths)
    options = study["cohorts"]["real"]
    other = {**options, "path": str(tmp_path / paths["simulation", "validation"])}
    cohorts = {"source": "table", "real": {**options, "path": files}, "validation": other}
    listed = next(load_study(cohorts, study["classes"], seed=1))["real"]
    assert listed.class_counts() == {"case": 72, "control": 178}
    assert listed.draws == {}
    true = pd.concat(released.read(shared_data, "simulation", draw) for draw in released.DRAWS)
    true = true.drop_duplicates([*listed.features]).drop(columns=["sample_id", "class"])
    np.testing.assert_array_equal(listed.features, true.astype(float))


def test_the_list_of_the_public_repository_has_every_table():
    """Addresses and checksums for all tables that the studies need, each once."""
    path = Path(__file__).parents[2] / "resources/cusworth2024/files.tsv"
    files = pd.read_table(path)
    assert files.columns.tolist() == ["study", "table", "path", "sha256"]
    found = files.groupby("study")["table"].apply(set).to_dict()
    assert found == {study: {*released.tables_of(study)} for study in released.TABLES}
    assert not files["path"].duplicated().any()
    assert files["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert hashlib.sha256(b"").hexdigest() not in {*files["sha256"]}
