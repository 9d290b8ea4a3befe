"""The tables of a study that compare its arms, from what its jobs have written."""

from collections.abc import Mapping

import pandas as pd

from evenomics.config.arms import AUTO
from evenomics.data.cohort import Cohort
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
    cohorts = of.cohorts()
    designs, groups = _designs(of, cohorts), cohorts["validation"].groups
    return {
        "settings": summarise(scores, tuning),
        "summary": summarise_chosen(scores, tuning, designs),
        "comparison": compare(scores, tuning, predictions, designs, metric, level, groups),
        "paper_comparison": paper_comparison.compare(scores[scores["arm"] != AUTO], metric),
    }


def _designs(of: StudyFiles, cohorts: Mapping[str, Cohort]) -> dict[str, Design]:
    """Return what the replicates of each experiment have in common."""
    n_validation = cohorts["validation"].n_samples
    if of.settings["splits"]:
        # without a part of its own, the external cohort has the samples of the real one
        ids = {sample for cohort in cohorts.values() for sample in cohort.features.index}
        design = Design.splits(n_validation, len(ids))
        return dict.fromkeys(of.table("experiments.tsv")["experiment"], design)
    counts = of.table("experiments.tsv").groupby("experiment")
    return {str(name): Design.draws(rows, n_validation) for name, rows in counts}
