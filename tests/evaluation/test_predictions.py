"""Tables of predictions: nothing is lost in them, and what follows is scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve
from sklearn.metrics import classification_report, confusion_matrix, recall_score

from evenomics.evaluation.metric import Prediction, values_of
from evenomics.evaluation.predictions import (
    calibration_table,
    confusion_table,
    per_class_table,
    prediction_of,
    prediction_table,
)
from evenomics.files import read_table, write_table

CLASSES = {2: ["NA", "1.0"], 3: ["b", "a.x", "c"]}
VALUES = st.floats(-1e30, 1e30) | st.floats(-1, 1) | st.integers(-3, 3).map(float)


@st.composite
def predictions(draw):
    """Of two or three classes, with ties, tiny and huge scores, with and without the rest."""
    n_classes = draw(st.sampled_from([2, 3]))
    n_samples = draw(st.integers(n_classes + 1, 12))
    classes = np.arange(n_samples) % n_classes
    scores = draw(arrays(np.float64, (n_samples, n_classes), elements=VALUES))
    if n_classes == 2:
        scores = scores[:, 1:] * [-1, 1]
    p = None
    if draw(st.booleans()):
        p = draw(arrays(np.float64, (n_samples, n_classes), elements=st.floats(0.001, 1)))
        p = p / p.sum(axis=1, keepdims=True)
    prediction = Prediction(classes, scores, p).rounded()
    if draw(st.booleans()):
        thresholds = draw(arrays(np.float64, n_classes, elements=VALUES))
        return prediction.with_thresholds(thresholds)
    return prediction


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("predictions") / "e.arm.tsv.gz"


@settings(max_examples=150, deadline=None)
@given(prediction=predictions())
def test_metrics_of_a_table_that_was_read_are_the_very_same(path, prediction):
    classes = CLASSES[prediction.n_classes]
    ids = [f"s{i}" for i in range(len(prediction.classes))]
    write_table(prediction_table(prediction, ids, classes), path)
    frame = read_table(path)
    again = prediction_of(frame, classes)
    np.testing.assert_equal(values_of(again), values_of(prediction))
    np.testing.assert_array_equal(again.scores, prediction.scores)
    assert [*frame["sample_id"]] == ids
    assert [*frame["predicted"]] == [classes[code] for code in prediction.predicted]


def test_two_classes_keep_the_scores_of_the_second():
    scores = np.array([[-0.25, 0.25], [1.5, -1.5]])
    p = Prediction(np.array([0, 1]), scores, np.array([[0.5, 0.5], [0.75, 0.25]]))
    frame = prediction_table(p.with_thresholds(np.array([-1, 1])), ["s", "t"], ["well", "ill"])
    assert frame.to_dict("list") == {
        "sample_id": ["s", "t"], "class": ["well", "ill"], "score.ill": [0.25, -1.5],
        "probability.ill": [0.5, 0.25], "predicted": ["ill", "well"],
        "predicted_tuned": ["well", "well"],
    }  # fmt: skip


def table(n_classes, n_samples=200, seed=0):
    """Two predictions of the same samples, one after the other; the last class is rare."""
    rng = np.random.default_rng(seed)
    classes = np.minimum(rng.integers(0, 3 * n_classes, n_samples) // 2, n_classes - 1)
    frames = []
    for _ in range(2):
        scores = rng.normal(size=(n_samples, n_classes))
        scores[np.arange(n_samples), classes] += 1
        if n_classes == 2:
            scores = scores[:, 1:] * [-1, 1]
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        prediction = Prediction(classes, scores, p).with_thresholds(rng.normal(size=n_classes))
        frames.append(prediction_table(prediction, map(str, range(n_samples)), CLASSES[n_classes]))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_confusion_and_classes_are_those_of_scikit_learn(n_classes):
    frame, classes = table(n_classes), CLASSES[n_classes]
    cells = confusion_table(frame, classes).set_index(["threshold", "class", "predicted"])["n"]
    rows = per_class_table(frame, classes).set_index(["threshold", "class"])
    for threshold, column in {"default": "predicted", "tuned": "predicted_tuned"}.items():
        counts = confusion_matrix(frame["class"], frame[column], labels=classes)
        report = classification_report(frame["class"], frame[column], output_dict=True)
        for i, label in enumerate(classes):
            for j, other in enumerate(classes):
                assert cells[threshold, label, other] == counts[i, j]
            specificity = recall_score(frame["class"] != label, frame[column] != label)
            found = rows.loc[(threshold, label)]
            assert found.to_dict() == pytest.approx(
                {
                    "sensitivity": report[label]["recall"],
                    "specificity": specificity,
                    "precision": report[label]["precision"],
                    "f1": report[label]["f1-score"],
                    "n": report[label]["support"],
                },
                rel=1e-12,
            )
    assert not cells["default"].equals(cells["tuned"])


def test_a_class_that_is_never_predicted_has_its_row():
    p = Prediction(np.array([0, 1, 1]), np.array([[1.0, -1.0]] * 3))
    frame = prediction_table(p, "abc", ["well", "ill"])
    cells = confusion_table(frame, ["well", "ill"])
    assert cells["n"].tolist() == [1, 0, 2, 0]
    assert set(cells["threshold"]) == {"default"}
    rows = per_class_table(frame, ["well", "ill"])
    assert rows["precision"].tolist() == [1 / 3, 0]
    assert rows["n"].tolist() == [1, 2]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibration_curves_are_those_of_scikit_learn(n_classes, path):
    frame, classes = table(n_classes), CLASSES[n_classes]
    curves = calibration_table(frame, classes, n_bins=7)
    shown = classes[1:] if n_classes == 2 else classes
    assert [*curves["class"].unique()] == shown
    for label, curve in curves.groupby("class"):
        p = frame[f"probability.{label}"].to_numpy(float)
        observed, mean = calibration_curve(
            frame["class"] == label, p, n_bins=7, strategy="quantile"
        )
        np.testing.assert_allclose(curve["observed"], observed, rtol=1e-12)
        np.testing.assert_allclose(curve["mean_probability"], mean, rtol=1e-12)
        assert curve["n"].sum() == len(frame)
        assert curve["n"].between(len(frame) // 7 - 1, len(frame) // 7 + 2).all()
    for made in (curves, confusion_table(frame, classes), per_class_table(frame, classes)):
        write_table(made, path)
        pd.testing.assert_frame_equal(read_table(path), made, rtol=1e-15)


def test_without_probabilities_there_is_no_calibration_curve():
    p = Prediction(np.array([0, 1]), np.array([[1.0, -1.0]] * 2))
    curves = calibration_table(prediction_table(p, "ab", ["well", "ill"]), ["well", "ill"])
    assert [*curves.columns] == ["class", "mean_probability", "observed", "n"]
    assert curves.empty
