"""Scores of all arms on all draws of a study, on several cores.

Every pair of an arm and a draw is a task. What a task found stays in a folder of its own, so that a
killed job goes on where it was.
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

import imblearn
import pandas as pd
import sklearn
from joblib import delayed

import evenomics
from evenomics.balancing.arm import Arm, arm_named
from evenomics.balancing.draw_gans import load_draw_generators
from evenomics.config.arms import AUTO, SETTING
from evenomics.config.experiments import DrawId
from evenomics.config.names import IN_FOLDS
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import cohort_path, read_cohort
from evenomics.evaluation import auto
from evenomics.evaluation.scoring import ArmScores, Scoring
from evenomics.files import read_table, write_table, write_text
from evenomics.gan.serialization import generator_path
from evenomics.preparation.draw_files import TrainingDraw, draw_paths, read_draw
from evenomics.progress import Progress
from evenomics.workers import workers

# To be raised when a change of the code changes scores: those of before are then not used again.
VERSION = 4

#: The tables of a task, by the attributes of `ArmScores`: of a draw there is one with all arms, ...
TABLES = ("scores.tsv", "tuning.tsv")
#: ... or one for every arm.
LARGE_TABLES = ("predictions.tsv.gz", "generated.tsv.gz")


@dataclass(frozen=True)
class StudyScoring:
    """What is scored, from which files, and how.

    Attributes
    ----------
    draws : Path
        Folder of training draws (see `evenomics.preparation.draw_files`).
    cohorts : Path
        Folder of the cohorts.
    splits : bool
        Whether each replicate has cohorts of its own.
    training : Path or None
        Folder of the trained GANs; None if no arm needs one.
    checkpoints : Path
        Folder for what finished tasks have found.
    scoring : Scoring
    samplers : mapping
        Samplers of the user's own arms.

    Examples
    --------
    >>> from evenomics.config.arms import Grid
    >>> scoring = StudyScoring(
    ...     Path("draws"), Path("cohorts"), False, None, Path("checkpoints"),
    ...     Scoring(["a", "b"], Grid([], [1], [0.5]), ["svc"], 2, 1, {}),
    ... )
    >>> scoring.run([], ["none", "smote"], Path("scored"), n_jobs=1)
    """

    draws: Path
    cohorts: Path
    splits: bool
    training: Path | None
    checkpoints: Path
    scoring: Scoring
    samplers: Mapping[str, Any] = field(default_factory=dict)

    def run(self, draws: Sequence[DrawId], arms: Sequence[str], folder: Path, n_jobs: int) -> None:
        """Score all arms on all draws; tasks that are expected to take long start first.

        Parameters
        ----------
        draws : sequence of DrawId
        arms : sequence of str
        folder : Path
            Gets a folder for each draw, with the `TABLES` of all its arms, ``auto.tsv`` if `auto`
            is among them, ``seconds.tsv``, and folders of `LARGE_TABLES` by arm.
        n_jobs : int
            Processes.

        Raises
        ------
        TrainingError
            If generators are missing or damaged.
        WorkerError
            If a process is killed.
        """
        own = [arm for arm in arms if arm != AUTO]
        if self.scoring.tuning == "draw":
            with workers(n_jobs, batch_size=1) as parallel:
                parallel(delayed(self.parameters)(draw) for draw in draws)
        tasks = [(draw, arm) for draw in draws for arm in own]
        tasks.sort(key=lambda task: self._n_settings(task[1]), reverse=True)
        progress = Progress("scoring", sum(self._n_settings(arm) for _, arm in tasks))
        found: dict[DrawId, dict[str, tuple[Path, float]]] = {draw: {} for draw in draws}
        with workers(n_jobs, return_as="generator_unordered", batch_size=1) as parallel:
            for draw, arm, *outcome, records in parallel(
                delayed(_logged)(self, *task) for task in tasks
            ):
                for record in records:
                    logging.getLogger(record.name).handle(record)
                progress.add(self._n_settings(arm))
                found[draw][arm] = tuple(outcome)
                if len(found[draw]) == len(own):
                    of_arms = {arm: found[draw][arm] for arm in own}
                    _collect(draw, of_arms, folder / draw.name, AUTO in arms)

    def _n_settings(self, arm: str) -> int:
        """How many balanced training sets an arm is tuned on, a larger one counted twice."""
        known = arm_named(arm, self.samplers)
        return len(known.settings(self.scoring.grid)) * (2 if known.expands else 1)

    def parameters(self, draw: DrawId) -> dict[str, dict[str, Any]]:
        """Return the hyper-parameters that are tuned on a draw as it is, once for all arms."""
        words = [*draw, "parameters", asdict(self.scoring), _versions()]
        fingerprint = _digest(draw_paths(self.draws, draw), words)
        path = self.checkpoints / f"{draw.name}.{fingerprint}.json"
        if not path.exists():
            found = self.scoring.parameters_of(arm_named("none", {}), read_draw(self.draws, draw))
            write_text(path, json.dumps(found))
        parameters: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
        return parameters

    def score(self, draw: DrawId, name: str) -> tuple[Path, float]:
        """Score an arm on a draw, unless that was done.

        Parameters
        ----------
        draw : DrawId
        name : str
            Name of the arm.

        Returns
        -------
        folder : Path
            Holds the tables of the task.
        seconds : float
            Time that it took now; 0 if it was there.
        """
        arm, drawn = arm_named(name, self.samplers), read_draw(self.draws, draw)
        path = cohort_path(self.cohorts, "validation", draw.replicate if self.splits else 1)
        fingerprint = self._fingerprint(arm, drawn, path)
        folder = self.checkpoints / f"{draw.name}.{name}.{fingerprint}"
        if folder.is_dir():
            return folder, 0.0
        started = time.perf_counter()
        tuning = self.scoring.tuning
        gans, in_folds = self.scoring.gans_of(arm, drawn), tuning in IN_FOLDS
        generators = load_draw_generators(self.training or Path(), drawn, gans, in_folds=in_folds)
        scores = self.scoring.score(
            arm,
            drawn,
            _read_validation(path, path.stat().st_mtime_ns),
            generators,
            parameters=self.parameters(draw) if tuning == "draw" else None,
        )
        seconds = time.perf_counter() - started
        _write(scores, folder)
        return folder, seconds

    def _fingerprint(self, arm: Arm, draw: TrainingDraw, validation: Path) -> str:
        """Digest of all that the scores of an arm on a draw depend on."""
        files = [*draw_paths(self.draws, draw.id), validation]
        if self.training:
            folds = [None, *range(1, 1 + len(draw.folds))]
            files += [
                generator_path(self.training, draw.id, gan, fold)
                for gan in self.scoring.gans_of(arm, draw)
                for fold in folds
            ]
        scoring = asdict(self.scoring)
        scoring["grid"] = [setting.labels for setting in arm.settings(self.scoring.grid)]
        sampler = self.samplers.get(arm.name)
        return _digest(files, [*draw.id, arm.name, sampler, scoring, _versions()])


def _versions() -> list[Any]:
    return [VERSION, *(module.__version__ for module in (evenomics, imblearn, sklearn))]


def _digest(files: Sequence[Path], words: Any) -> str:
    digest = hashlib.sha256()
    for path in files:
        # a generator that is missing is reported by who loads it
        content = path.read_bytes() if path.exists() else b""
        digest.update(hashlib.sha256(content).digest())
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
        for name in (*TABLES, *LARGE_TABLES):
            write_table(getattr(scores, name.partition(".")[0]), complete / name)
        complete.rename(folder)


def _collect(
    draw: DrawId, of_arms: Mapping[str, tuple[Path, float]], folder: Path, with_auto: bool
) -> None:
    """Put the tables of all arms of a draw together, those of `auto` among them."""
    tables = {
        name: pd.concat(
            [read_table(tasks / name) for tasks, _ in of_arms.values()], ignore_index=True
        )
        for name in TABLES
    }
    if with_auto:
        chosen = auto.choose(tables["tuning.tsv"], [*of_arms])
        first = ["experiment", "replicate", "classifier"]
        columns = [*first, "arm", *SETTING, "cv_metric", "cv_score"]
        write_table(chosen[columns], folder / "auto.tsv")
        for name, table in tables.items():
            of_auto = auto.as_auto(table, chosen)
            tables[name] = pd.concat([table, of_auto], ignore_index=True)
    for name, table in tables.items():
        write_table(table, folder / name)
    for name in LARGE_TABLES:
        kind, _, suffix = name.partition(".")
        for arm, (tasks, _) in of_arms.items():
            copy = folder / kind / f"{arm}.{suffix}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tasks / name, copy)
    times = [
        {**draw._asdict(), "arm": arm, "seconds": seconds} for arm, (_, seconds) in of_arms.items()
    ]
    write_table(pd.DataFrame(times), folder / "seconds.tsv")


def _logged(
    scoring: StudyScoring, draw: DrawId, arm: str
) -> tuple[DrawId, str, Path, float, list[logging.LogRecord]]:
    """Score an arm, and return what was logged, which the main process writes to its log."""
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(queue)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers, root.level = [handler], logging.INFO
    logging.captureWarnings(True)
    try:
        folder, seconds = scoring.score(draw, arm)
    finally:
        root.handlers, root.level = before
    records = []
    while not queue.empty():
        records.append(queue.get())
    return draw, arm, folder, seconds, records
