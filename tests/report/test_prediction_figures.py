"""Tables of predictions are those of the settings that were chosen, and of nothing else."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc

import fake_results
from evenomics.files import read_parts, read_table
from evenomics.report.predictions import ChosenPredictions, prediction_tables
from evenomics.report.study import StudyFiles

SETTINGS = {
    **fake_results.SETTINGS, "arms": ["none", "smote", "smoothed_bootstrap", "auto"],
    "parts": {"": [("whole", replicate) for replicate in (1, 2, 3)]},
}  # fmt: skip
BANDWIDTHS = [("none", "none", "0.3"), ("none", "none", "1")]
KEYS = ["sample_id", "replicate", "repeat"]


@pytest.fixture
def study(tmp_path):
    """Return a study in which other settings and arms are chosen in every replicate."""
    made = {
        "none": fake_results.predictions("none", [("none",) * 3], ["svc"]),
        "smote": fake_results.predictions("smote", [("none",) * 3], ["svc"]),
        "smoothed_bootstrap": fake_results.predictions("smoothed_bootstrap", BANDWIDTHS, ["svc"]),
    }
    tuning = fake_results.tuning(made, "whole")
    smooth = tuning["arm"] == "smoothed_bootstrap"
    odd = tuning["replicate"] % 2 == 1
    tuning.loc[smooth, "chosen"] = (tuning["bandwidth"] == "1") == odd
    took = tuning[tuning["chosen"] & np.where(odd, smooth, tuning["arm"] == "smote")]
    folder = tmp_path / "simulated/none"
    fake_results.write_scored(folder, "whole", made, tuning, took[["experiment", *_CHOSEN]])
    return StudyFiles(folder, SETTINGS), made


_CHOSEN = [
    "replicate",
    "classifier",
    "arm",
    "alpha",
    "multiplier",
    "bandwidth",
    "cv_metric",
    "cv_score",
]


def rows_of(found):
    return pd.concat(found.values()).sort_values(KEYS)["score.case"].to_numpy()


def test_each_replicate_has_the_predictions_of_its_chosen_setting(study):
    """And `auto` those of the arm that it took there: smoothed, SMOTE, smoothed."""
    files, made = study
    predictions = ChosenPredictions(files)
    smooth = made["smoothed_bootstrap"]
    chosen = smooth[(smooth["bandwidth"] == "1") == (smooth["replicate"] % 2 == 1)]
    expected = chosen.sort_values(KEYS)["score.case"]
    found = predictions("whole", "smoothed_bootstrap", "svc")
    assert [*found] == [1, 2, 3]
    np.testing.assert_allclose(rows_of(found), expected, rtol=1e-6)
    taken = pd.concat(
        [chosen[chosen["replicate"] != 2], made["smote"][made["smote"]["replicate"] == 2]]
    )
    found = rows_of(predictions("whole", "auto", "svc"))
    np.testing.assert_allclose(found, taken.sort_values(KEYS)["score.case"], rtol=1e-6)
    assert predictions("whole", "gan", "svc") == {}


def test_a_table_that_is_read_in_parts_is_the_same(study):
    """So no setting is lost where a part ends."""
    files, _ = study
    path = files.of_draw("scored", files.draws()[0]) / "predictions/smoothed_bootstrap.tsv.gz"
    parts = [*read_parts(path, n_rows=7)]
    assert max(map(len, parts)) == 7
    pd.testing.assert_frame_equal(pd.concat(parts), read_table(path))


def test_tables_of_predictions_agree_with_counting(study):
    """Oracle: cross-tabulation by pandas; the area under the mean curve is the mean area."""
    files, made = study
    tables = prediction_tables(files, ChosenPredictions(files))
    assert set(tables["confusion"]["arm"]) == set(SETTINGS["arms"])
    of_smote = {name: table[table["arm"] == "smote"] for name, table in tables.items()}
    counts = of_smote["confusion"].set_index(["threshold", "class", "predicted"])["n"]
    for threshold, column in (("default", "predicted"), ("tuned", "predicted_tuned")):
        crossed = pd.crosstab(made["smote"]["class"], made["smote"][column])
        for label in ("control", "case"):
            for predicted in ("control", "case"):
                assert counts[threshold, label, predicted] == crossed.loc[label, predicted]
    assert of_smote["calibration"]["n"].sum() == len(made["smote"])
    scores = fake_results.scores_of(made["smote"], {"experiment": "whole", "arm": "smote"})
    areas = scores.loc[scores["metric"] == "auroc", "value"]
    roc = of_smote["roc"]
    # curves are joined at a hundred points
    assert auc(roc["fpr"], roc["tpr_mean"]) == pytest.approx(areas.mean(), abs=0.01)
    assert roc["tpr_sd"].max() > 0


def test_of_one_replicate_a_curve_has_no_spread(study):
    files, _ = study
    alone = {"arms": ["none", "smote", "smoothed_bootstrap"], "parts": {"": [("whole", 1)]}}
    one = StudyFiles(files.folder, {**SETTINGS, **alone})
    roc = prediction_tables(one, ChosenPredictions(one))["roc"]
    assert roc["tpr_sd"].isna().all()
    assert "auto" not in set(roc["arm"])
