"""The tables of a study that compare its arms, from what its jobs have written."""

import pandas as pd

from evenomics.evaluation import paper_comparison
from evenomics.evaluation.comparison import Design, compare, summarise, summarise_chosen
from evenomics.report.answer import AUTO
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
    # what the paper has: no replicates, no tuned threshold, no choice of an arm
    first = scores[(scores["replicate"] == 1) & (scores["threshold"] != "tuned")]
    first = first[first["arm"] != AUTO]
    return {
        "settings": summarise(scores, tuning),
        "summary": summarise_chosen(scores, tuning, designs),
        "comparison": compare(scores, tuning, predictions, designs, metric, level),
        "paper_comparison": paper_comparison.compare(first, metric),
    }


def _designs(of: StudyFiles) -> dict[str, Design]:
    """Return what the replicates of each experiment have in common."""
    cohorts = of.cohorts()
    n_validation = cohorts["validation"].n_samples
    if of.settings["splits"]:
        # without a part of its own, the external cohort has the samples of the real one
        ids = {sample for cohort in cohorts.values() for sample in cohort.features.index}
        design = Design.splits(n_validation, len(ids))
        return dict.fromkeys(of.table("experiments.tsv")["experiment"], design)
    counts = of.table("experiments.tsv").groupby("experiment")
    return {str(name): Design.draws(rows, n_validation) for name, rows in counts}
