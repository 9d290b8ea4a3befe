"""The tables that compare arms, from the files of a study."""

import numpy as np
import pandas as pd
import pytest

import fake_results
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import write_cohorts
from evenomics.files import write_table
from evenomics.report.answer import of_question
from evenomics.report.comparison import comparison_tables
from evenomics.report.predictions import ChosenPredictions
from evenomics.report.study import StudyFiles

PARTS = {"": [("whole", replicate) for replicate in (1, 2, 3)]}
SETTINGS = {**fake_results.SETTINGS, "arms": ["none", "smote", "auto"], "parts": PARTS}
SAMPLES = [f"v{i}" for i in range(60)]


def tables(folder, groups, **settings):
    """Tables of a study whose validation samples are from these groups."""
    made = {
        arm: fake_results.predictions(arm, [("none",) * 3], ["svc"]) for arm in ("none", "smote")
    }
    index = pd.Index(SAMPLES, name="sample_id")
    classes = made["none"].drop_duplicates("sample_id")["class"].set_axis(index)
    values = pd.DataFrame({"g": np.arange(60.0)}, index=index)
    grouped = None if groups is None else pd.Series(groups, index=index)
    others = values.add_prefix("r", axis=0)
    cohorts = {
        "real": Cohort(others, classes.set_axis(others.index), "real"),
        "external": Cohort(others, None, "external"),
        "validation": Cohort(values, classes, "validation", groups=grouped),
    }
    study = folder / "simulated/none"
    write_cohorts(cohorts, study / "cohorts")
    tuning = fake_results.tuning(made, "whole")
    tuning = pd.concat([tuning, tuning[tuning["arm"] == "smote"].assign(arm="auto")])
    fake_results.write_scored(study, "whole", made, tuning, fake_results.auto(tuning))
    sizes = fake_results.experiments({"whole": {"control": 40, "case": 20}}, replicates=3)
    write_table(sizes, study / "experiments.tsv")
    files = StudyFiles(study, {**SETTINGS, **settings})
    return comparison_tables(files, ChosenPredictions(files))


@pytest.mark.parametrize("splits", [False, True])
def test_groups_of_validation_samples_count_where_replicates_are_draws(tmp_path, splits):
    """Groups of one sample change nothing, groups of three do; splits are compared without."""
    found = [
        tables(tmp_path / str(i), groups, splits=splits)["comparison"]
        for i, groups in enumerate([None, SAMPLES, [f"p{i // 6}{i % 2}" for i in range(60)]])
    ]
    errors = [of_question(table, "balancing")["standard_error"].to_numpy() for table in found]
    assert np.isfinite(errors[0]).all()
    np.testing.assert_array_equal(errors[0], errors[1])
    assert np.allclose(errors[0], errors[2], rtol=0.01) == splits


def test_the_papers_test_is_of_the_first_replicate_and_leaves_auto_out(tmp_path):
    made = tables(tmp_path, None)
    paper = made["paper_comparison"]
    assert "auto" in set(made["comparison"]["arm"])
    assert {*paper["arm_a"], *paper["arm_b"]} == {"none", "smote"}
    assert set(paper["n_b"]) == {2}
    assert set(made["summary"]["n_replicates"]) == {3}
