"""The workflow on a cluster: planned for one, and run by a real Slurm whose jobs are killed."""

import os
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

CONFIG = {
    "seed": 3,
    "engine": "auto",
    "threads": 3,
    "jobs_per_study": 2,
    "studies": {
        "simulated": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "builtin", "n_features": 9, "n_real": 100, "n_external": 40,
                "n_validation": 60,
            },
            "draws": {"replicates": 2},
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
# What a site adds to the profile of the workflow (docs/cluster.md). Here jobs take seconds, and
# there is no accounting that could be asked for their states.
SITE = {
    "default-resources": ["slurm_partition=other"],
    "resources": ["gpu=1"],
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 1,
    "slurm-keep-successful-logs": True,
}
pytestmark = pytest.mark.workflow


class Run(NamedTuple):
    """A run that has ended: its folder, and its jobs as Slurm saw them."""

    folder: Path
    jobs: list[Job]

    def of(self, rule: str) -> list[Job]:
        """Return the jobs of a rule."""
        return [job for job in self.jobs if job.rule.startswith(rule)]

    def log(self, job: Job) -> str:
        """Return what Slurm wrote of a job."""
        (path,) = (self.folder / ".snakemake/slurm_logs").rglob(f"{job.number}.log")
        return path.read_text()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Start a Slurm whose node has more cores than a job may ask for."""
    if missing := missing_programs():
        pytest.skip(f"needs Slurm, munge and util-linux; not found: {', '.join(missing)}")
    with one_node(
        tmp_path_factory.mktemp("slurm"), cpus=CONFIG["threads"] + 1, memory=20_000
    ) as node:
        yield node


@pytest.fixture(scope="module")
def run(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Do a whole run, in which pre-training is killed on the node and re-training lacks memory."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "site").mkdir()
    (folder / "site/config.yaml").write_text(yaml.safe_dump(SITE))
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile",
        "--workflow-profile", ROOT / "workflow/profiles/slurm", "--profile", "site",
        "--configfile", "config.yaml",
        # of these, the step of a job takes 120 before its script has started
        "--set-resources", "retrain:mem_mb=200*attempt**2",
    ]  # fmt: skip
    said = folder / "snakemake.out"
    with said.open("w") as out:
        running = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=subprocess.STDOUT,
            env={"NUMBA_CACHE_DIR": str(ROOT / ".numba_cache")} | node.env,
        )  # fmt: skip
    try:
        wait_until(
            lambda: running.poll() is not None or any(map(node.kill, node.jobs("pretrain"))),
            "a job of pre-training on the node", 300,
        )  # fmt: skip
        running.wait(900)
    finally:
        running.terminate()
        running.wait()
    assert running.returncode == 0, said.read_text()[-6000:]
    return Run(folder, node.jobs())


@pytest.mark.parametrize("profile", [[], ["--workflow-profile", "none"]])
def test_jobs_for_a_cluster_are_planned_without_a_number_of_cores(
    profile: list[str], tmp_path: Path
) -> None:
    """With the profile that Snakemake finds, and with none."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    done = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", *profile,
            "--configfile", "config.yaml", "--executor", "slurm", "-j", "100", "--dry-run",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "score_arms" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.slurm
def test_a_run_on_slurm_ends_with_scores_and_the_report(run: Run) -> None:
    summary = pd.read_table(run.folder / "results/summary.tsv")
    assert set(summary["arm"]) == set(CONFIG["arms"])
    assert "Did balancing help?" in (run.folder / "results/report.html").read_text()


@pytest.mark.slow
@pytest.mark.slurm
def test_a_job_that_was_killed_runs_again_with_more_memory_and_time(run: Run) -> None:
    killed, again = run.of("pretrain")
    assert [killed.state, again.state] == ["FAILED", "COMPLETED"]
    assert again.memory == 2 * killed.memory
    assert again.minutes == 2 * killed.minutes


@pytest.mark.slow
@pytest.mark.slurm
def test_a_job_that_ran_out_of_memory_runs_again_with_more(run: Run) -> None:
    killed, again = ([job for job in run.of("retrain") if job.memory == n] for n in (200, 800))
    assert len(killed) == len(again) == 2
    for job in killed:
        assert "exceeded memory limit" in run.log(job)
    assert [job.state for job in again] == ["COMPLETED"] * 2


@pytest.mark.slow
@pytest.mark.slurm
def test_every_job_asks_for_what_its_rule_needs(run: Run) -> None:
    """Not for the cores of this machine or of the node, and for no GPU but to train."""
    for job in run.jobs:
        several = job.rule.startswith(("retrain", "score_arms"))
        # of a group, cohorts are checked while draws are made
        alone = 1 + job.rule.startswith("prepare")
        assert job.cpus == (CONFIG["threads"] if several else alone), job
        assert job.gpus == job.rule.startswith(("pretrain", "retrain")), job
        assert job.memory > 0, job
        assert job.minutes > 0, job
    cores = min(CONFIG["threads"], len(os.sched_getaffinity(0)))
    log = (run.folder / "results/logs/retrain/simulated.none.1of2.log").read_text()
    assert f"threads: {cores}\n" in log


@pytest.mark.slow
@pytest.mark.slurm
def test_two_jobs_of_a_study_have_a_replicate_each(run: Run) -> None:
    assert len(run.of("score_arms")) == 2
    study = run.folder / "results/simulated/none"
    found = {path.name: [p.name for p in path.glob("*/")] for path in study.glob("scored*")}
    assert found == {f"scored.{k}of2": [f"c16_i0.5.{k}"] for k in (1, 2)}


@pytest.mark.slow
@pytest.mark.slurm
def test_a_profile_of_the_site_adds_to_that_of_the_workflow(run: Run) -> None:
    assert {job.partition for job in run.jobs} == {"other"}
