"""The tables of a study that compare its arms, from what its jobs have written."""

import pandas as pd

from evenomics.config.arms import AUTO
from evenomics.evaluation import paper_comparison
from evenomics.evaluation.comparison import Design, compare, summarise, summarise_chosen
from evenomics.report.predictions import ChosenPredictions
from evenomics.report.study import StudyFiles


def comparison_tables(of: StudyFiles, predictions: ChosenPredictions) -> dict[str, pd.DataFrame]:
    """Return the scores and the tests of all arms.

    Returns
    -------
    dict of str to DataFrame
        ``settings``, ``summary``, ``comparison`` (see `evenomics.evaluation.comparison`), and
        ``paper_comparison``, of the first replicate.
    """
    scores, tuning = of.scored("scores.tsv"), of.scored("tuning.tsv")
    metric, level = of.settings["metric"], of.settings["level"]
    designs = _designs(of)
    return {
        "settings": summarise(scores, tuning),
        "summary": summarise_chosen(scores, tuning, designs),
        "comparison": compare(scores, tuning, predictions, designs, metric, level),
        "paper_comparison": paper_comparison.compare(scores[scores["arm"] != AUTO], metric),
    }


def _designs(of: StudyFiles) -> dict[str, Design]:
    """Return what the replicates of each experiment have in common."""
    cohorts = of.cohorts()
    n_validation = cohorts["validation"].n_samples
    if of.settings["splits"]:
        # what is left for pre-training has no classes, and is not learned from
        design = Design.splits(n_validation, n_validation + cohorts["real"].n_samples)
        return dict.fromkeys(of.table("experiments.tsv")["experiment"], design)
    counts = of.table("experiments.tsv").groupby("experiment")
    return {str(name): Design.draws(rows, n_validation) for name, rows in counts}
