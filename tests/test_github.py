"""The workflows of .github: their form, and that a person can run by hand what they run."""

import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml

from snakemake_runs import ROOT, run_workflow, stand_in_conda

TOOLS = Path(sys.executable).parent
OF_MATRIX = re.compile(r"\$\{\{ matrix\.(\w+) \}\}")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SHELL_SCRIPTS = [
    *(path for path in (ROOT / ".ci").iterdir() if path.is_file()),
    *(ROOT / "envs").glob("*.sh"),
    *(ROOT / "workflow/last_on_path").iterdir(),
]


def jobs(path: Path) -> dict[str, dict]:
    """Jobs of a workflow."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def commands(path: Path) -> list[str]:
    """Commands of all steps of a workflow, one for each entry of a matrix."""
    found = []
    for job in jobs(path).values():
        for step in (step["run"] for step in job["steps"] if "run" in step):
            lists = [job["strategy"]["matrix"][name] for name in OF_MATRIX.findall(step)]
            found += [OF_MATRIX.sub("{}", step).format(*values) for values in product(*lists)]
    return found


def test_actionlint_has_nothing_to_say() -> None:
    assert len(WORKFLOWS) == 2
    done = subprocess.run(
        [TOOLS / "actionlint", "-verbose", *WORKFLOWS],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert 'Rule "shellcheck" was disabled' not in done.stderr


@pytest.mark.parametrize("path", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    done = subprocess.run([TOOLS / "shellcheck", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_versions_are_pinned_and_nothing_can_be_written(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    for name, job in jobs(path).items():
        assert "permissions" not in job, name
        assert "timeout-minutes" in job, name
        assert "latest" not in job["runs-on"], name
        assert ":" in job.get("container", ":"), name
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w/.-]+@v\d+\.\d+\.\d+", step["uses"]), name
                if "checkout" in step["uses"]:
                    assert step["with"]["persist-credentials"] is False, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_command_for_a_person(path: Path) -> None:
    """A target of the Makefile or a script of .ci, with files that are there."""
    for command in commands(path):
        program, *words = command.split()
        if program == "make":
            done = subprocess.run(
                ["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        else:
            assert os.access(ROOT / program, os.X_OK), command
            assert all((ROOT / word).is_file() for word in words), command


@pytest.mark.workflow
def test_the_nightly_studies_use_every_conda_environment(tmp_path: Path) -> None:
    path = f"{stand_in_conda(tmp_path / 'conda')}{os.pathsep}{os.environ['PATH']}"
    solved: set[str] = set()
    for command in commands(ROOT / ".github/workflows/nightly.yml"):
        _, config = command.split()
        done = run_workflow(tmp_path, ROOT / config, "--dry-run", PATH=path)
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        solved |= {*re.findall(r"envs/(\w+)\.yaml will be created", said)}
    assert solved == {path.stem for path in (ROOT / "envs").glob("*.yaml")}
