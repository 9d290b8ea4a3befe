"""Scores of all arms in all experiments of a study, on several cores.

Every pair of an arm and an experiment is a task. What a task found stays in a folder of its own, so
that a killed job goes on where it was.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

import imblearn
import sklearn
from joblib import delayed

import evenomics
from evenomics.config.arms import Grid, Samplers, arm_entry, arm_settings, gans_of
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort
from evenomics.evaluation.scoring import ArmScores, score_arm
from evenomics.files import write_table
from evenomics.gan.requests import gan_name
from evenomics.gan.serialization import generator_path, load_generators
from evenomics.preparation.draw_files import draw_path, read_draw, scaler_path
from evenomics.progress import Progress
from evenomics.workers import workers

# To be raised when a change of the code changes scores: those of before are then not used again.
VERSION = 1

#: The tables of a task, by the attributes of `ArmScores`.
TABLES = ("scores.tsv", "tuning.tsv", "roc.tsv", "generated.tsv.gz")


@dataclass(frozen=True)
class StudyScoring:
    """What is scored, from which files, and how.

    Attributes
    ----------
    draws : Path
        Folder of training draws and scalers (see `evenomics.preparation.draw_files`).
    validation : Path
        The validation cohort.
    training : Path or None
        Folder of the trained GANs; None if no arm needs one.
    checkpoints : Path
        Folder for what finished tasks have found.
    classes : sequence of str
        Classes of the study.
    grid : Grid
        Values that the settings of arms are made of.
    samplers : mapping
        Samplers of other libraries, as in the config.
    settings : mapping of str to object
        Of `evenomics.evaluation.scoring.score_arm`: classifiers, repeats, folds, hidden, seed.

    Examples
    --------
    >>> scoring = StudyScoring(
    ...     Path("draws"), Path("validation.tsv.gz"), None, Path("checkpoints"), ["a", "b"],
    ...     Grid([], [1], [0.5]), {},
    ...     {"classifiers": ["svc"], "repeats": 2, "folds": 2, "hidden": [4], "seed": 1},
    ... )
    >>> [*scoring.run(experiments=[], arms=["none", "smote"], n_jobs=1)]
    []
    """

    draws: Path
    validation: Path
    training: Path | None
    checkpoints: Path
    classes: Sequence[str]
    grid: Grid
    samplers: Samplers
    settings: Mapping[str, Any]

    def run(
        self, experiments: Sequence[str], arms: Sequence[str], n_jobs: int
    ) -> Iterator[tuple[str, str, Path, float]]:
        """Score all arms in all experiments; tasks that are expected to take long start first.

        Parameters
        ----------
        experiments, arms : sequence of str
        n_jobs : int
            Processes.

        Yields
        ------
        experiment, arm : str
        folder : Path
            Holds the `TABLES` of the task.
        seconds : float
            Time that it took now; 0 if it was there.

        Raises
        ------
        TrainingError
            If generators are missing or damaged.
        WorkerError
            If a process is killed.
        """
        tasks = [(experiment, arm) for experiment in experiments for arm in arms]
        tasks.sort(key=lambda task: self._n_settings(task[1]), reverse=True)
        progress = Progress("scoring", sum(self._n_settings(arm) for _, arm in tasks))
        with workers(n_jobs, return_as="generator_unordered", batch_size=1) as parallel:
            for experiment, arm, folder, seconds, records in parallel(
                delayed(_logged)(self, *task) for task in tasks
            ):
                for record in records:
                    logging.getLogger(record.name).handle(record)
                progress.add(self._n_settings(arm))
                yield experiment, arm, folder, seconds

    def _n_settings(self, arm: str) -> int:
        """How many balanced training sets an arm is tuned on, a larger one counted twice."""
        entry = arm_entry(arm, self.samplers)
        return len(arm_settings(entry, self.grid)) * (2 if entry.get("expands") else 1)

    def score(self, experiment: str, arm: str) -> tuple[Path, float]:
        """Score an arm in an experiment, unless that was done; see `run` for what is returned."""
        draw, scaler = read_draw(self.draws, experiment)
        entry = arm_entry(arm, self.samplers)
        needed = gans_of([entry], self.grid.alphas, draw.class_counts(), self.classes)
        gans = [gan_name(*gan) for gan in needed]
        folder = self.checkpoints / f"{experiment}.{arm}.{self._fingerprint(experiment, arm, gans)}"
        if folder.is_dir():
            return folder, 0.0
        started = time.perf_counter()
        generators = load_generators(self.training, experiment, gans) if self.training else {}
        validation = _read_validation(self.validation, self.validation.stat().st_mtime_ns)
        scores = score_arm(
            arm,
            draw,
            validation,
            scaler,
            self.classes,
            grid=self.grid,
            samplers=self.samplers,
            generators=generators,
            **self.settings,
        )
        seconds = time.perf_counter() - started
        _write(scores, folder)
        return folder, seconds

    def _fingerprint(self, experiment: str, arm: str, gans: Sequence[str]) -> str:
        """Digest of all that the scores of an arm in an experiment depend on."""
        files = [draw_path(self.draws, experiment), scaler_path(self.draws, experiment)]
        files.append(self.validation)
        if self.training:
            files += [generator_path(self.training, experiment, gan) for gan in gans]
        digest = hashlib.sha256()
        for path in files:
            # a generator that is missing is reported by who loads it
            content = path.read_bytes() if path.exists() else b""
            digest.update(hashlib.sha256(content).digest())
        versions = [VERSION, *(m.__version__ for m in (evenomics, imblearn, sklearn))]
        settings = arm_settings(arm_entry(arm, self.samplers), self.grid)
        words = [experiment, arm, repr(self.samplers.get(arm)), *(at.labels for at in settings)]
        words += [list(self.classes), dict(self.settings), versions]
        digest.update(json.dumps(words, sort_keys=True).encode())
        return digest.hexdigest()[:20]


@lru_cache(maxsize=1)
def _read_validation(path: Path, modified: int) -> Cohort:
    """Read the validation cohort, once in each process: for a wide table that takes long."""
    return read_cohort(path, "validation")


def _write(scores: ArmScores, folder: Path) -> None:
    """Write the tables of a task into a folder that is there only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
        complete = Path(temporary, "tables")
        for name in TABLES:
            write_table(getattr(scores, name.partition(".")[0]), complete / name)
        complete.rename(folder)


def _logged(
    scoring: StudyScoring, experiment: str, arm: str
) -> tuple[str, str, Path, float, list[logging.LogRecord]]:
    """Score an arm, and return what was logged, which the main process writes to its log."""
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(queue)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers, root.level = [handler], logging.INFO
    logging.captureWarnings(True)
    try:
        folder, seconds = scoring.score(experiment, arm)
    finally:
        root.handlers, root.level = before
    records = []
    while not queue.empty():
        records.append(queue.get())
    return experiment, arm, folder, seconds, records
