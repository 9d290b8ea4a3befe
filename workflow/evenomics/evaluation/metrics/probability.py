"""Metrics of predicted probabilities."""

import numpy as np
from sklearn.metrics import brier_score_loss

from evenomics.evaluation.metric import Prediction, metric


@metric("brier")
def brier(prediction: Prediction) -> float:
    """Mean squared error; NaN for a classifier without probabilities."""
    if prediction.probabilities is None:
        return float("nan")
    n_classes = prediction.probabilities.shape[1]
    given = prediction.probabilities[:, 1] if n_classes == 2 else prediction.probabilities
    return float(
        brier_score_loss(
            prediction.classes,
            given,
            labels=np.arange(n_classes),
            **({"pos_label": 1} if n_classes == 2 else {}),
        )
    )
