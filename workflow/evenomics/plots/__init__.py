"""Figures and HTML pages, drawn from the very tables that a run writes out."""

from evenomics.plots.overview import StudyResults, summary_page
from evenomics.plots.samples import WITHOUT_SAMPLES, sample_pca
from evenomics.plots.scores import TWINS, difference_map, multiplier_lines, roc_curves, score_boxes
from evenomics.plots.style import save_figure
from evenomics.plots.tables import comparison_page, plain_page, scores_page, training_page
from evenomics.plots.training import pretraining_curves, training_curves

__all__ = [
    "TWINS",
    "WITHOUT_SAMPLES",
    "StudyResults",
    "comparison_page",
    "difference_map",
    "multiplier_lines",
    "plain_page",
    "pretraining_curves",
    "roc_curves",
    "sample_pca",
    "save_figure",
    "score_boxes",
    "scores_page",
    "summary_page",
    "training_curves",
    "training_page",
]
