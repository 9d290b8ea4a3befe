"""The scores of a study as its comparison and its report ask for them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd

from evenomics.config.experiments import DrawId
from evenomics.evaluation import auto
from evenomics.files import read_table


class ScoredDraws:
    """What `evenomics.evaluation.study_scores.StudyScoring.run` found on the draws of a study.

    Parameters
    ----------
    folders : mapping of DrawId to Path
        Where each draw has its tables, in the order of the study.

    Examples
    --------
    >>> ScoredDraws.in_parts(Path("results/s/none"), {"": [DrawId("whole")]}).folders
    {DrawId(experiment='whole', replicate=1): PosixPath('results/s/none/scored/whole.1')}
    """

    def __init__(self, folders: Mapping[DrawId, Path]) -> None:
        self.folders = folders
        self._chosen = lru_cache(maxsize=64)(self._read_chosen)

    @classmethod
    def in_parts(cls, folder: Path, parts: Mapping[str, Sequence[DrawId]]) -> "ScoredDraws":
        """Find the draws of a study that were scored in several jobs.

        Parameters
        ----------
        folder : Path
            Of the study and selection.
        parts : mapping of str to sequence of DrawId
            From `evenomics.config.plan.Plan.parts`.
        """
        found = {
            draw: folder / f"scored{part}" / draw.name
            for part, draws in parts.items()
            for draw in draws
        }
        return cls(dict(sorted(found.items())))

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of all draws that have it: ``scores.tsv``, ``tuning.tsv``, ..."""
        paths = [folder / name for folder in self.folders.values()]
        return pd.concat([read_table(path) for path in paths if path.exists()], ignore_index=True)

    def replicates(self, experiment: str) -> list[DrawId]:
        """Return the draws of an experiment."""
        return [draw for draw in self.folders if draw.experiment == experiment]

    def predictions(self, experiment: str, arm: str, classifier: str) -> dict[int, pd.DataFrame]:
        """Return predictions for the validation samples, at the setting chosen for the arm.

        Parameters
        ----------
        experiment, arm, classifier : str

        Returns
        -------
        dict of int to DataFrame
            By replicate: columns repeat and those of
            `evenomics.evaluation.predictions.prediction_table`.
        """
        found = {}
        for draw in self.replicates(experiment):
            taken = arm
            if arm == auto.NAME:  # it takes the setting that is chosen for the arm as well
                table = read_table(self.folders[draw] / "auto.tsv")
                taken = str(table.set_index("classifier").loc[classifier, "arm"])
            rows = self._chosen(draw, taken)
            found[draw.replicate] = rows[rows["classifier"] == classifier]
        return found

    def _read_chosen(self, draw: DrawId, arm: str) -> pd.DataFrame:
        folder, keys = self.folders[draw], [*auto.SETTING, "classifier"]
        tuning = read_table(folder / "tuning.tsv")
        chosen = tuning.loc[(tuning["arm"] == arm) & tuning["chosen"], keys]
        rows = read_table(folder / "predictions" / f"{arm}.tsv.gz").merge(chosen, on=keys)
        return rows.drop(columns=["experiment", "replicate", "arm", *auto.SETTING])
