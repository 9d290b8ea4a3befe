"""The files that a config names."""

from evenomics.config.paths import table_paths


def test_table_paths_are_all_files_of_a_study():
    spec = {"path": "x.tsv", "classes_path": "labels.tsv"}
    lone = {"path": "v.tsv", "classes_path": None}
    cohorts = {"source": "table", "real": spec, "validation": lone}
    assert table_paths({"cohorts": cohorts}) == [
        "x.tsv", "labels.tsv", "v.tsv",
    ]  # fmt: skip
    assert table_paths({"cohorts": {"source": "builtin", "n_real": 3}}) == []
