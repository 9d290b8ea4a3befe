"""Predictions as tables, which are kept, and what follows from such tables.

A table has one row per sample: columns sample_id, class, ``score.CLASS`` and ``probability.CLASS``
(of two classes those of the second), predicted and predicted_tuned (classes). Tables of several
predictions may be concatenated.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.evaluation.confusion import Confusion
from evenomics.evaluation.metric import Codes, Floats, Prediction

#: Columns of text, which take a tenth of the memory as categories.
TEXTS = ["sample_id", "class", "predicted", "predicted_tuned"]
#: Columns with predicted classes, by the threshold of metrics.
PREDICTED = {"default": "predicted", "tuned": "predicted_tuned"}


def prediction_table(
    prediction: Prediction, sample_ids: Iterable[str], classes: Sequence[str]
) -> pd.DataFrame:
    """Return a prediction as a table.

    Parameters
    ----------
    prediction : Prediction
        Rounded (`Prediction.rounded`): the table has 32 bits of a number.
    sample_ids : iterable of str
        In the order of the prediction.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    DataFrame
        What the classifier does not give is missing.
    """
    given, tuned = prediction.probabilities, prediction.predicted_tuned
    if given is None:
        given = np.full_like(prediction.scores, np.nan)
    columns: dict[str, Any] = {
        "sample_id": list(sample_ids),
        "class": _labels(prediction.classes, classes),
    }
    for name, values in {"score": prediction.scores, "probability": given}.items():
        columns |= {
            f"{name}.{label}": values[:, classes.index(label)].astype(np.float32)
            for label in _kept(classes)
        }
    columns["predicted"] = _labels(prediction.predicted, classes)
    columns["predicted_tuned"] = np.nan if tuned is None else _labels(tuned, classes)
    return pd.DataFrame(columns)


def labelled(table: pd.DataFrame, label: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with the columns of a label, each of one value, before its own."""
    return table.assign(**label)[[*label, *table.columns]]


def prediction_of(frame: pd.DataFrame, classes: Sequence[str]) -> Prediction:
    """Return the prediction that a table was made of.

    Parameters
    ----------
    frame : DataFrame
        Of `prediction_table`, one prediction.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    Prediction
        With the very same metrics.
    """
    scores = _values(frame, "score", classes)
    given = _values(frame, "probability", classes)
    if len(classes) == 2:
        scores, given = np.hstack([-scores, scores]), np.hstack([1 - given, given])
    tuned = frame["predicted_tuned"]
    return Prediction(
        _codes(frame["class"], classes),
        scores,
        None if np.isnan(given).any() else given,
        None if tuned.isna().any() else _codes(tuned, classes),
    )


def confusion_table(frame: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return confusion matrices.

    Parameters
    ----------
    frame : DataFrame
        Of `prediction_table`; several predictions are pooled.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    DataFrame
        One row per cell: columns threshold, class, predicted, n.
    """
    cells = pd.MultiIndex.from_product([classes, classes], names=["class", "predicted"])
    return pd.concat(
        [
            pd.DataFrame({"threshold": threshold, "n": confusion.counts.ravel()}, index=cells)
            .reset_index()
            .loc[:, ["threshold", "class", "predicted", "n"]]
            for threshold, confusion in _confusions(frame, classes).items()
        ],
        ignore_index=True,
    )


def per_class_table(frame: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return what is predicted of every class against the rest.

    Parameters
    ----------
    frame : DataFrame
        Of `prediction_table`; several predictions are pooled.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    DataFrame
        Columns threshold, class, sensitivity, specificity, precision, f1, n (samples of the class).
    """
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "threshold": threshold,
                    "class": list(classes),
                    "sensitivity": confusion.sensitivity,
                    "specificity": confusion.specificity,
                    "precision": confusion.precision,
                    "f1": confusion.f1,
                    "n": confusion.support,
                }
            )
            for threshold, confusion in _confusions(frame, classes).items()
        ],
        ignore_index=True,
    )


def calibration_table(
    frame: pd.DataFrame, classes: Sequence[str], n_bins: int = 10
) -> pd.DataFrame:
    """Return calibration curves: how often classes are found where they are said to be probable.

    Parameters
    ----------
    frame : DataFrame
        Of `prediction_table`; several predictions are pooled.
    classes : sequence of str
        Classes of the study.
    n_bins : int
        Bins of equally many predictions; fewer where many probabilities are the same.

    Returns
    -------
    DataFrame
        One row per bin of the second of two classes, or of each of more: columns class,
        mean_probability, observed (share of the class), n (predictions).
    """
    curves = []
    for label in _kept(classes):
        column = f"probability.{label}"
        given = frame[frame[column].notna()]
        p, truth = given[column].to_numpy(np.float64), given["class"] == label
        inner = np.quantile(p, np.linspace(0, 1, n_bins + 1)[1:-1]) if len(p) else []
        points = pd.DataFrame({"mean_probability": p, "observed": truth.to_numpy(np.float64)})
        bins = points.groupby(np.searchsorted(inner, p))
        curves.append(bins.mean().assign(n=bins.size()).assign(**{"class": label}))
    table = pd.concat(curves, ignore_index=True)
    return table[["class", "mean_probability", "observed", "n"]]


def _kept(classes: Sequence[str]) -> Sequence[str]:
    """Return the classes whose scores are kept: of two, the second tells all."""
    return classes[1:] if len(classes) == 2 else classes


def _values(frame: pd.DataFrame, name: str, classes: Sequence[str]) -> Floats:
    return frame[[f"{name}.{label}" for label in _kept(classes)]].to_numpy(np.float64)


def _labels(codes: Codes, classes: Sequence[str]) -> NDArray[np.object_]:
    return np.array(classes, dtype=object)[codes]


def _codes(labels: pd.Series, classes: Sequence[str]) -> Codes:
    return pd.Categorical(labels, categories=list(classes)).codes.astype(np.intp)


def _confusions(frame: pd.DataFrame, classes: Sequence[str]) -> dict[str, Confusion]:
    """Return the confusion matrix at every threshold that the table has."""
    return {
        threshold: Confusion.of(
            _codes(frame["class"], classes), _codes(frame[column], classes), len(classes)
        )
        for threshold, column in PREDICTED.items()
        if frame[column].notna().all()
    }
