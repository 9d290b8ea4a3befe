"""Runs at unusual places and moments: each works, or ends in a message that says what to do."""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
import yaml

from evenomics.files import read_table
from snakemake_runs import ROOT, clone, make, run_workflow

pytestmark = pytest.mark.workflow

TINY = {
    "seed": 1,
    "engine": "cpu",
    "studies": {
        "tiny": {
            "classes": ["a", "b"],
            "cohorts": {
                "source": "builtin", "n_features": 9, "n_real": 60, "n_external": 20,
                "n_validation": 30,
            },
            "draws": {"replicates": 1},
            "experiments": {"controls": [12], "imbalance": [0.5]},
        },
    },
    "arms": ["none", "smote"],
    "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 2},
}  # fmt: skip
#: Long enough to be killed in the middle.
LONG = {
    **TINY,
    "scoring": {**TINY["scoring"], "repeats": 60},
    "studies": {"tiny": {**TINY["studies"]["tiny"], "draws": {"replicates": 9}}},
}
#: A name that means something else to make, to a shell and to Python.
STRANGE = 'it\'s "$(touch touched)" `touch touched` l\\är $(shell touch touched)'


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; a minute is enough for all that is waited for here."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the workflow in the background, in the folder of the test; killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(config: dict) -> subprocess.Popen[bytes]:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
        command += ["--configfile", "config.yaml", "--cores", "2"]
        run = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(run)
        return run

    yield start
    for run in started:
        run.kill()
        run.wait()


# ---- a sampler of another library ----


def test_a_sampler_that_cannot_be_imported_is_told_before_any_training(tmp_path: Path) -> None:
    """By the first jobs that start something long: only jobs have the environment of samplers."""
    wrong = {"mine": {"class": "no_such_package.Sampler"}}
    refused = run_workflow(tmp_path, {**TINY, "arms": ["none", "gan", wrong]})
    assert refused.returncode != 0
    log = (tmp_path / "results/logs/draw_experiments/tiny.none.log").read_text()
    for said in (refused.stderr, log):
        assert "arms.mine.class: no_such_package.Sampler cannot be imported" in said
        assert "Traceback" not in said
    made = {path.name for path in (tmp_path / "results/tiny/none").iterdir()}
    assert made <= {"cohorts", "shift.tsv", "findings.tsv"}


# ---- two at once ----


@pytest.mark.slow
def test_of_two_runs_in_a_folder_the_second_is_refused_unless_its_results_lie_elsewhere(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    first = start(LONG)
    wait_for(lambda: [*tmp_path.glob(".snakemake/locks/*")])
    second = run_workflow(tmp_path, TINY)
    assert second.returncode != 0
    assert "no other Snakemake process" in second.stderr
    assert "--unlock" in second.stderr
    assert "Traceback" not in second.stderr
    elsewhere = {**TINY, "results_dir": "others"}
    third = run_workflow(tmp_path, elsewhere, "--", "others/tiny/cohorts")
    assert third.returncode == 0, third.stderr
    assert first.poll() is None


# A Python that does what takes minutes in a moment: pip comes with no virtual environment, and
# installs nothing, as soon as it may. It writes down what it was asked for.
PYTHON = """#!/bin/bash
case "$1 $2" in
  "-m venv")
    echo "$1 $2" >> {calls}
    {python} "$@" --without-pip && ln -sf "$0" .venv/bin/python ;;
  "-m pip")
    echo "$1 $2" >> {calls}
    for _ in {{1..300}}; do [ -e {go} ] && break; sleep 0.1; done ;;
  *)
    exec {python} "$@" ;;
esac
"""


class SetUp:
    """A clone whose `make` sets up .venv with the Python above."""

    def __init__(self, folder: Path) -> None:
        self.clone = clone(folder / "clone")
        self.go = folder / "go"
        self.go.touch()
        self._calls = folder / "calls"
        self._seen = 0
        self._python = folder / "python"
        self._python.write_text(PYTHON.format(python=sys.executable, calls=self._calls, go=self.go))
        self._python.chmod(0o755)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["make", ".venv/installed.run", f"PYTHON={self._python}"],
            cwd=self.clone, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def done(self) -> list[str]:
        """Set up; return what that needed."""
        run = self.start()
        said, _ = run.communicate()
        assert run.returncode == 0, said
        return self.calls()

    def calls(self) -> list[str]:
        """Return what Python was asked for since the last time."""
        calls = self._calls.read_text().splitlines()
        new, self._seen = calls[self._seen :], len(calls)
        return new


@pytest.fixture
def set_up(tmp_path: Path) -> SetUp:
    return SetUp(tmp_path)


ANEW = ["-m venv", "-m pip"]


def test_two_set_ups_at_once_are_one(set_up: SetUp) -> None:
    set_up.go.unlink()
    first = set_up.start()
    assert first.stdout.readline().startswith("Making .venv")
    second = set_up.start()
    assert "waiting for it" in second.stdout.readline()
    set_up.go.touch()
    said = [run.communicate()[0] for run in (first, second)]
    assert first.returncode == second.returncode == 0, said
    assert set_up.calls() == ANEW
    assert set_up.done() == []


def test_packages_are_installed_again_when_their_list_changes(set_up: SetUp) -> None:
    set_up.done()
    os.utime(set_up.clone / "constraints.txt", (time.time() + 9,) * 2)
    assert set_up.done() == ["-m pip"]


def test_an_environment_that_was_moved_or_is_half_made_is_made_anew(set_up: SetUp) -> None:
    """Its programs hold its path; what is written last in it is `activate`."""
    assert set_up.done() == ANEW
    set_up.clone = set_up.clone.rename(set_up.clone.with_name("moved to here"))
    assert set_up.done() == ANEW
    (set_up.clone / ".venv/bin/activate").unlink()
    assert set_up.done() == ANEW


# ---- a killed run ----


@pytest.mark.slow
def test_a_killed_run_leaves_no_process_and_goes_on_after_unlock(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = start(LONG)
    finished = tmp_path / "results/tiny/none/checkpoints/scores"
    wait_for(lambda: [*finished.glob("c12*")])
    children = psutil.Process(run.pid).children(recursive=True)
    assert sum("LokyProcess" in " ".join(child.cmdline()) for child in children) == 2
    run.kill()
    run.wait()
    assert psutil.wait_procs(children, timeout=30)[1] == []
    again = run_workflow(tmp_path, LONG)
    assert again.returncode != 0
    assert "--unlock" in again.stderr
    assert run_workflow(tmp_path, LONG, "--unlock").returncode == 0
    scored = "results/tiny/none/scored"
    again = run_workflow(tmp_path, LONG, "--", scored, cores=2)
    assert again.returncode == 0, again.stderr
    of_draws = [read_table(path) for path in (tmp_path / scored).glob("*/seconds.tsv")]
    assert len(of_draws) == 9
    seconds = pd.concat(of_draws)["seconds"]
    assert (seconds == 0).any()  # scored before
    assert (seconds > 0).any()


# ---- strange paths, moved folders ----


def make_run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what `make run` does, with a strange config and strange results."""
    return make(
        folder, "run", f"CONFIG={STRANGE}.yaml", f"RESULTS={STRANGE}", programs=Path(".venv/bin"),
        PYTHONPATH=str(folder / "workflow"), NUMBA_CACHE_DIR=str(ROOT / ".numba_cache"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clone with a strange name, in which a run has finished; its .venv borrows our packages."""
    folder = clone(tmp_path_factory.mktemp("paths") / STRANGE)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    (borrowing,) = folder.glob(".venv/lib/python*/site-packages")
    (borrowing / "ours.pth").write_text(sysconfig.get_path("purelib"))
    (folder / f"{STRANGE}.yaml").write_text(yaml.safe_dump(TINY))
    done = make_run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_nothing_is_run_that_stands_in_a_path(finished: Path) -> None:
    assert (finished / STRANGE / "report.html").stat().st_size > 100_000
    assert [*finished.rglob("touched")] == []


@pytest.mark.slow
def test_a_moved_clone_has_nothing_to_make_again(finished: Path) -> None:
    moved = finished.rename(finished.with_name("moved"))
    try:
        done = make_run(moved)
    finally:
        moved.rename(finished)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_clone_that_snakemake_cannot_work_in_is_refused(tmp_path: Path) -> None:
    folder = clone(tmp_path / "cl{o}ne")
    done = make(folder, "run", PYTHONPATH=str(folder / "workflow"))
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"{folder}/workflow: Snakemake takes no {{ }} in the path of a workflow; rename" in said
    assert "Traceback" not in said


def test_a_python_that_snakemake_cannot_start_is_told(tmp_path: Path) -> None:
    """An environment beside the folder of work, at a path that a shell takes for two words."""
    python = tmp_path / "an environment/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.executable).resolve())
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [
            python, "-m", "snakemake", "-n", "--snakefile", ROOT / "Snakefile",
            "--configfile", ROOT / "config/config.yaml",
        ],
        cwd=tmp_path / "work", env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "../an environment/bin/python: Snakemake does not start scripts" in said
    assert "Traceback" not in said


def test_a_clone_uses_its_own_library_in_the_environment_of_another(tmp_path: Path) -> None:
    """The other clone's is loaded before, by what prints the run."""
    other, own = tmp_path / "other", clone(tmp_path / "own")
    shutil.copytree(ROOT / "workflow", other)
    (other / "evenomics/config/plan.py").write_text("raise ImportError('the other clone')\n")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--quiet"],
        cwd=own, env={**os.environ, "PYTHONPATH": str(other)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# ---- folders that cannot be written ----


def test_a_folder_that_cannot_be_written_is_named_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    (tmp_path / "file").touch()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(TINY))
    # root may write everywhere, unless it gives that right away
    rights = "-dac_override,-dac_read_search"
    user = ["setpriv", f"--bounding-set={rights}", "--inh-caps=-all"] if os.geteuid() == 0 else []

    def said(working: Path, results: Path) -> str:
        done = subprocess.run(
            [
                *user, sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile",
                "--configfile", tmp_path / "config.yaml", "--config", f"results_dir={results}",
            ],
            cwd=working, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert "Traceback" not in done.stdout + done.stderr
        return done.stderr

    locked, below = tmp_path / "locked", tmp_path / "locked/below/it"
    assert f"you may not write into {locked}; name another folder" in said(tmp_path, below)
    assert f"{locked}: you may not write into this folder" in said(locked, tmp_path / "results")
    assert f"{tmp_path}/file is a file, not a folder" in said(tmp_path, tmp_path / "file")
