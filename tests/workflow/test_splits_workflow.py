"""Splits of one table through the workflow: each has its own cohorts and its own features."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenomics.config.names import COHORTS
from evenomics.data.cohort_files import cohort_path, n_replicates, read_cohorts
from snakemake_runs import run_workflow

pytestmark = pytest.mark.workflow
N_FEATURES = 60


def write_patients(path: Path) -> pd.DataFrame:
    """Write a table of 40 patients with two samples each; return it."""
    rng = np.random.default_rng(0)
    ill = np.repeat(np.arange(40) % 2, 2)
    values = rng.normal(size=(80, N_FEATURES))
    values[:, :20] += 0.5 * ill[:, None]
    table = pd.DataFrame(values, columns=[f"f{i}" for i in range(N_FEATURES)])
    table.insert(0, "sample", [f"s{i}" for i in range(80)])
    table.insert(1, "status", np.where(ill, "ill", "healthy"))
    table.insert(2, "patient", np.repeat([f"p{i}" for i in range(40)], 2))
    table.to_csv(path, sep="\t", index=False)
    return table.set_index("sample")


def test_every_split_selects_its_features_among_its_own_samples(tmp_path: Path) -> None:
    """Two splits of one table, up to the cohorts that arms are compared on."""
    table = write_patients(tmp_path / "patients.tsv")
    study = {
        "classes": ["healthy", "ill"],
        "cohorts": {
            "source": "table",
            "table": {"path": "patients.tsv", "class_column": "status"},
            "split": {"by": "patient", "replicates": 2},
        },
        "harmonise": "zscore",
        "selections": ["lasso_en"],
        "experiments": {"whole": True, "controls": []},
    }
    lasso_en = {"repeats": 2, "n_penalties": 5, "folds": 3}
    config = {"studies": {"s": study}, "selection": {"lasso_en": lasso_en}}
    done = run_workflow(tmp_path, config, "--", "results/s/lasso_en/findings.tsv")
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results/s"
    features = pd.read_table(results / "lasso_en/selection/features.tsv")
    shift = pd.read_table(results / "lasso_en/shift.tsv")
    assert set(pd.read_table(results / "lasso_en/selection/repeats.tsv")["replicate"]) == {1, 2}
    chosen, learnt_from = {}, {}
    for folder in ("cohorts", "aligned/cohorts", "none/cohorts", "lasso_en/cohorts"):
        assert n_replicates(results / folder) == 2
    for replicate in (1, 2):
        loaded = read_cohorts(results / "cohorts", replicate)
        used = read_cohorts(results / "lasso_en/cohorts", replicate)
        ids = [name for cohort in used.values() for name in cohort.features.index]
        assert sorted(ids) == sorted(table.index), "disjoint, and all there are"
        patients = [set(cohort.groups) for cohort in used.values()]
        assert sum(map(len, patients)) == len(set.union(*patients)) == 40
        for name in COHORTS:
            assert loaded[name].features.index.equals(used[name].features.index)
        of_split = features[features["replicate"] == replicate]
        chosen[replicate] = of_split.loc[of_split["selected"], "feature"].tolist()
        for cohort in used.values():
            assert cohort.features.columns.tolist() == chosen[replicate]
        learnt_from[replicate] = set(used["real"].features.index)
        real = used["real"].features
        np.testing.assert_array_equal(real, table.loc[real.index, real.columns])
        measured = shift[(shift["replicate"] == replicate) & shift["used"]]
        assert measured["cohort"].tolist() == ["external", "validation"]
    assert learnt_from[1] != learnt_from[2]
    assert set(chosen[1]) != set(chosen[2])
    assert cohort_path(results / "cohorts", "real", 2).is_file()
