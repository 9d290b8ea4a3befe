"""The workflow on a cluster: planned for one, and run by a real Slurm with jobs that are killed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import yaml

from slurm_node import Job, Node, missing_programs, one_node, wait_until
from snakemake_runs import ROOT

pytestmark = pytest.mark.workflow

CONFIG = {
    "seed": 3,
    "engine": "auto",
    "studies": {
        "simulated": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "builtin", "n_features": 9, "n_real": 100, "n_external": 40,
                "n_validation": 60,
            },
            "experiments": {"controls": [16], "imbalance": [0.5]},
        },
    },
    "arms": ["none", "gan"],
    "alphas": [[0, 0]],
    "gan": {
        "networks": {"hidden": [6, 8]},
        "pretraining": {"epochs": [20, 20], "critic_updates": [1, 2], "dropout": [0.3, 0.5]},
        "retraining": {"epochs_1": 40, "epochs_2": 40},
        "choice": {"epoch_choice": "held_out", "rate_choice": "curve", "speed_window": 10},
    },
    "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 2},
}  # fmt: skip
# more than this machine may have, and than the config lets a job ask for
NODE_CPUS = 4
TEMP = ['--', 'results/simulated/none/training']


def on_slurm(folder: Path, *options: str) -> list[str]:
    """Command line of a run in a folder, as docs/cluster.md has it."""
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(CONFIG))
    return [
        sys.executable, "-m", "snakemake", "--directory", str(folder),
        "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config),
        "--workflow-profile", str(ROOT / "workflow/profiles/slurm"),
        # the defaults are for jobs of minutes
        "--slurm-init-seconds-before-status-checks", "1",
        "--slurm-status-command", "squeue", *options,
    ]  # fmt: skip


class Run(NamedTuple):
    """A run that has ended: its folder, its output, and its jobs as Slurm saw them."""

    folder: Path
    said: str
    jobs: list[Job]

    def of(self, rule: str) -> list[Job]:
        """The jobs of a rule."""
        return [job for job in self.jobs if job.comment.startswith(f"rule_{rule}")]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A Slurm of this test."""
    if missing := missing_programs():
        pytest.skip(f"needs Slurm, munge and util-linux; not found: {', '.join(missing)}")
    with one_node(tmp_path_factory.mktemp("slurm"), cpus=NODE_CPUS, memory=20_000) as node:
        yield node


@pytest.fixture(scope="module")
def run(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A whole run, in which pre-training is killed on the node and re-training lacks memory."""
    folder = tmp_path_factory.mktemp("run")
    # a training takes more than 300 MB: the job step itself 120, its script more than 200
    too_little = ["--set-resources", "retrain:mem_mb=300*attempt**2"]
    log = folder / "snakemake.out"
    with log.open("w") as out:
        running = subprocess.Popen(
            [*on_slurm(folder), *too_little, "--slurm-keep-successful-logs", *TEMP],
            env=node.env, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(
            lambda: running.poll() is not None or any(map(node.kill, node.jobs("pretrain"))),
            "a running job of pre-training",
        )
        running.wait(900)
    finally:
        running.terminate()
        running.wait()
    said = log.read_text()
    assert running.returncode == 0, said[-6000:]
    return Run(folder, said, node.jobs())


@pytest.mark.slow
@pytest.mark.slurm
def test_a_run_under_the_profile_ends_with_scores_and_a_report(node: Node, run: Run) -> None:
    scores = pd.read_table(run.folder / "results/summary.tsv")
    assert set(scores["arm"]) == set(CONFIG["arms"])
    done = subprocess.run(
        on_slurm(run.folder, "--report", "results/report.html"),
        env=node.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "expand_gan" in (run.folder / "results/report.html").read_text()


@pytest.mark.slow
@pytest.mark.slurm
def test_a_job_that_was_killed_runs_again_with_more_memory_and_time(run: Run) -> None:
    """By the rule's own functions of the attempt, and those of the profile."""
    killed, again = run.of("pretrain")
    assert [killed.state, again.state] == ["FAILED", "COMPLETED"]
    assert again.memory > killed.memory
    assert again.minutes > killed.minutes


@pytest.mark.slow
@pytest.mark.slurm
def test_a_job_that_ran_out_of_memory_runs_again_with_more(run: Run) -> None:
    *failed, ended = run.of("retrain")
    assert failed
    assert {job.state for job in failed} == {"FAILED"}
    assert ended.state == "COMPLETED"
    assert ended.memory > failed[0].memory
    (log,) = run.folder.rglob(f"slurm_logs/rule_retrain/*/{failed[0].number}.log")
    assert "exceeded memory limit" in log.read_text()


@pytest.mark.slow
@pytest.mark.slurm
def test_every_job_asks_for_its_own_threads_memory_and_time(run: Run) -> None:
    """Neither the cores of this machine nor those of the node."""
    for job in run.jobs:
        assert job.cpus == (CONFIG["threads"] if "retrain" in job.comment else 1), job
        assert job.memory > 0, job
        assert job.minutes > 0, job
