"""The files of a finished study, as its figures and pages ask for them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evenomics.config.experiments import DrawId
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import n_replicates, read_cohorts
from evenomics.files import read_table


class StudyFiles:
    """The folder of a study and selection. Each table is read once, when it is first asked for.

    Parameters
    ----------
    folder : Path
        ``{results}/{study}/{selection}``.
    settings : mapping of str to object
        What figures and pages have to know of the config, from
        `evenomics.config.plan.Plan.report_settings`.

    Attributes
    ----------
    study, selection : str

    Examples
    --------
    >>> StudyFiles(Path("results/simulated/none"), {"metric": "auroc"}).study
    'simulated'
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self.settings = settings
        self.study, self.selection = folder.parts[-2:]
        self._tables: dict[str, pd.DataFrame] = {}

    def table(self, name: str, numbers: Iterable[str] = ()) -> pd.DataFrame:
        """Return a table by its path in the folder (see `evenomics.files.read_table`)."""
        if name not in self._tables:
            self._tables[name] = read_table(self.folder / name, numbers)
        return self._tables[name]

    def of_draw(self, kind: str, draw: DrawId) -> Path:
        """Return the folder of a draw in ``scored`` or ``training``, of whatever job it is."""
        part = next(part for part, draws in self.settings["parts"].items() if draw in draws)
        return self.folder / f"{kind}{part}" / draw.name

    def draws(self, experiment: str = "") -> list[DrawId]:
        """Return the training draws of the study, or of one of its experiments."""
        draws = sorted(DrawId(*draw) for of in self.settings["parts"].values() for draw in of)
        return [draw for draw in draws if experiment in ("", draw.experiment)]

    def trained(self, name: str) -> pd.DataFrame:
        """Return a table of the GANs of all draws: ``chosen.tsv``, ``rates.tsv``, ..."""
        return self._joined("training", name)

    def scored(self, name: str) -> pd.DataFrame:
        """Return a table of the scores on all draws: ``scores.tsv``, ``tuning.tsv``, ..."""
        return self._joined("scored", name)

    def _joined(self, kind: str, name: str) -> pd.DataFrame:
        key = f"{kind}/{name}"
        if key not in self._tables:
            tables = [read_table(self.of_draw(kind, draw) / name) for draw in self.draws()]
            joined = pd.concat(tables, ignore_index=True)
            joined.insert(0, "study", self.study)
            joined.insert(1, "selection", self.selection)
            self._tables[key] = joined
        return self._tables[key]

    @property
    def n_splits(self) -> int:
        """Number of splits of one table, each with cohorts of its own; 1 for fixed cohorts."""
        return max(1, n_replicates(self.folder / "cohorts"))

    def cohorts(self, stage: str | None = None, replicate: int = 1) -> dict[str, Cohort]:
        """Return the cohorts by name.

        Parameters
        ----------
        stage : str, optional
            A folder of the study: another selection, ``aligned`` before harmonising, or ``.`` as
            they were loaded; by default the cohorts of this selection.
        replicate : int
            Number of the split; 1 for fixed cohorts.
        """
        folder = self.folder.parent / (stage or self.selection) / "cohorts"
        return read_cohorts(folder, replicate)
