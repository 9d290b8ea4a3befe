"""How long the steps of a study took."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evenomics.report.study import StudyFiles


def timings_table(study: StudyFiles, benchmarks: Iterable[str]) -> pd.DataFrame:
    """Tabulate the time and memory of the slow steps of a study, and the time of each scored arm.

    Parameters
    ----------
    study : StudyFiles
    benchmarks : iterable of str
        Benchmark files of Snakemake, each in a folder named after its step.

    Returns
    -------
    DataFrame
        Columns step, what (experiment and arm; empty for a whole step), engine, seconds (wall
        time), max_rss_mb, mean_load_percent (100 is one core).
    """
    steps = []
    for path in map(Path, benchmarks):
        measured = pd.read_csv(path, sep="\t").iloc[0]
        step = path.parent.name
        steps.append(
            {
                "step": step,
                "what": "",
                "engine": _engine(study, step),
                "seconds": measured["s"],
                "max_rss_mb": measured["max_rss"],
                "mean_load_percent": measured["mean_load"],
            }
        )
    of_arms = study.scored("seconds.tsv").groupby(["experiment", "arm"], sort=False)
    arms = of_arms["seconds"].sum().reset_index()
    arms = arms.assign(step="score_arms", what=arms["experiment"] + ", " + arms["arm"], engine="")
    return pd.concat(
        [pd.DataFrame(steps), arms[["step", "what", "engine", "seconds"]]], ignore_index=True
    )


def _engine(study: StudyFiles, step: str) -> str:
    """Return who trained; empty for a step that trains nothing."""
    if step == "pretrain":
        return str(study.table("pretraining/1/stages.tsv")["engine"].iloc[0])
    return str(study.trained("chosen.tsv")["engine"].iloc[0]) if step == "retrain" else ""
