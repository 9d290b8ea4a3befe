"""Sizes of cohorts before anything runs: those of the sources, read by no numerical library."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from evenomics.config.estimate import known_size
from evenomics.config.names import COHORTS, names
from evenomics.config.source import Size
from evenomics.config.sources import table
from evenomics.config.validation import validated
from evenomics.data.source import load_study

#: Data set -> column of its classes, two of them, column to split by.
TABLES = {
    "tcga_lihc": ("tissue", ["normal", "tumor"], "patient"),
    "dm_golub": ("label", ["ALL", "AML"], None),
    "infant_feeding": ("feeding", ["formula", "breast"], "Subject"),
    "miniacc": ("C1A_C1B", ["C1A", "C1B"], None),
}


def config_of(cohorts: dict, classes: list[str] | None = None) -> dict:
    study = {"classes": classes or ["a", "b"], "cohorts": cohorts}
    return validated({"studies": {"s": study}})


def loaded(config: dict) -> Size:
    """Size of the cohorts that are loaded."""
    study = config["studies"]["s"]
    return Size.of(next(load_study(study["cohorts"], study["classes"], seed=1)))


def assert_close(found: Size | None, true: Size) -> None:
    """Shares of a split are rounded, and its groups stay whole."""
    assert found is not None
    assert found.n_features == true.n_features
    for name in COHORTS:
        n_true = getattr(true, f"n_{name}")
        assert getattr(found, f"n_{name}") == pytest.approx(n_true, rel=0.15)


@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_as_large_as_the_cohorts_read_from_them(name, turned, shared_data, tmp_path):
    column, classes, by = TABLES[name]
    path = shared_data / name / "X.csv.gz"
    if turned:
        path = tmp_path / "turned.tsv"
        pd.read_csv(shared_data / name / "X.csv.gz", index_col=0).T.to_csv(path, sep="\t")
    spec = {
        "path": str(path),
        "samples": "columns" if turned else "rows",
        "classes_path": str(shared_data / name / "labels.csv"),
        "class_column": column,
        "where": {column: classes},
    }
    config = config_of({"source": "table", "table": spec, "split": {"by": by}}, classes)
    found = known_size(config, "s")
    assert_close(found, loaded(config))
    n_samples = len(pd.read_csv(shared_data / name / "labels.csv"))
    assert found.n_samples == pytest.approx(n_samples, abs=2)


def write_table(path: Path, n_samples: int, n_features: int, sep: str = "\t") -> str:
    """Write a table with classes, patients and a column that is no feature; return its path."""
    numbers = np.random.default_rng(0).normal(size=(n_samples, n_features)).astype(str)
    header = ["id", "status", "patient", "age", *(f"g{i}" for i in range(n_features))]
    rows = [[f"s{i}", "ab"[i % 2], f"p{i}", "50", *row] for i, row in enumerate(numbers)]
    text = "\n".join(sep.join(row) for row in [header, *rows]) + "\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def test_three_tables_have_the_features_of_the_narrowest(tmp_path):
    """Columns of classes, groups and those ignored are no features, wherever they are."""
    common = {"class_column": "status", "group_column": "patient", "ignore_columns": ["age"]}
    cohorts = {
        "source": "table",
        "real": {"path": write_table(tmp_path / "r.tsv", 40, 12), **common},
        "validation": {"path": write_table(tmp_path / "v.csv.gz", 30, 10, ","), **common},
    }
    config = config_of(cohorts)
    size = Size(10, n_real=40, n_external=40, n_validation=30)  # pre-training uses the real ones
    assert known_size(config, "s") == size
    external = {"path": write_table(tmp_path / "e.csv", 20, 11, ";"), **common}
    config = config_of({**cohorts, "external": external})
    assert known_size(config, "s") == Size(10, n_real=40, n_external=20, n_validation=30)


@pytest.mark.parametrize("suffix", ["tsv", "tsv.gz"])
def test_the_lines_of_a_long_table_are_estimated_from_its_start(suffix, tmp_path, monkeypatch):
    path = write_table(tmp_path / f"long.{suffix}", 5000, 20)
    monkeypatch.setattr(table, "_READ", 400_000)
    spec = {"path": path, "class_column": "status", "ignore_columns": ["patient", "age"]}
    size = known_size(config_of({"source": "table", "table": spec}), "s")
    assert size.n_features == 20
    assert size.n_samples == pytest.approx(5000, rel=0.1)
    assert size.n_real == pytest.approx(size.n_samples / 2, rel=0.01)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id\tstatus\tg1\n",
        b"\x1f\x8b\x08 no more",
        b"PK\x03\x04",
        bytes(range(255, 0, -1)) * 40,
    ],
    ids=["empty", "header", "cut gzip", "zip", "binary"],
)
def test_the_size_of_a_file_that_is_no_table_is_not_known(content, tmp_path):
    """Nothing is raised: the job that reads it says what is wrong."""
    (tmp_path / "t").write_bytes(content)
    spec = {"path": str(tmp_path / "t"), "class_column": "status"}
    assert known_size(config_of({"source": "table", "table": spec}), "s") is None


def test_simulators_make_what_is_asked_for():
    asked = {"n_features": 30, "n_real": 200, "n_external": 50, "n_validation": 70}
    for source in ("builtin", "umpire"):
        size = known_size(config_of({"source": source, **asked}), "s")
        assert size == Size(30, 200, 50, 70)
    true = loaded(config_of({"source": "builtin", **asked}))
    assert (true.n_features, true.n_real, true.n_samples) == (30, 200, 320)
    assert sum(true.class_counts.values()) == 200


@pytest.mark.parametrize("dataset", names("datasets"))
def test_data_sets_of_scikit_learn_are_as_large_as_said(dataset):
    entry, data = names("datasets")[dataset], getattr(datasets, f"load_{dataset}")()
    assert data.data.shape == (entry["n_samples"], entry["n_features"])
    config = config_of({"source": "sklearn", "dataset": dataset}, entry["classes"])
    assert_close(known_size(config, "s"), loaded(config))


def test_what_is_imported_has_no_size_before():
    real = {"path": "x.rds", "class_column": "c"}
    assert (
        known_size({"studies": {"s": {"cohorts": {"source": "rdata", "real": real}}}}, "s") is None
    )
