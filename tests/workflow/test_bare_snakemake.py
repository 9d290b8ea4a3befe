"""Where only Snakemake and conda are installed: all is planned, run and reported as by `make run`.

For conda stands a program that answers what Snakemake asks (`snakemake_runs.stand_in_conda`): its
environments have the packages of this process, and Snakemake's own environment has none of them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evenomics.config.paths import table_paths
from snakemake_runs import ROOT, clone, install, make, planned, stand_in_conda, table_hashes

pytestmark = [pytest.mark.slow, pytest.mark.workflow, pytest.mark.pypi]
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))
SMALL = """
studies:
  wine:
    classes: [class_1, class_0, class_2]
    cohorts: {source: sklearn, dataset: wine, split: {replicates: 2}}
    experiments: {whole: true, controls: []}
arms: [none, class_weight]
scoring: {classifiers: [svc], repeats: 2, folds: 2}
"""


class Machine:
    """A machine with Snakemake, conda and a clone of the project."""

    def __init__(self, folder: Path) -> None:
        self.environment = folder / "snakemake"
        self.programs = install(self.environment, "snakemake")
        self.conda = stand_in_conda(folder / "conda")
        self.project = clone(folder / "project")
        (self.project / "config/small.yaml").write_text(SMALL)
        for name in CONFIGS:
            config = yaml.safe_load((self.project / "config" / name).read_text())
            for study in config["studies"].values():
                for table in table_paths(study):
                    (self.project / table).parent.mkdir(parents=True, exist_ok=True)
                    (self.project / table).touch()

    def env(self, **more: str) -> dict[str, str]:
        """Environment variables, none of which leads to this process's packages."""
        foreign = {"PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        path = os.pathsep.join([str(self.programs), str(self.conda), os.environ["PATH"]])
        return kept | {"PATH": path} | more

    def snakemake(
        self, *words: str, folder: Path | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `snakemake` with these words and no others, from the top folder of the project."""
        return subprocess.run(
            ["snakemake", *words], cwd=folder or self.project, env=self.env(**more),
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


def test_snakemake_brings_no_numerical_library(machine: Machine) -> None:
    """Else the other tests would show nothing."""
    for name in ("numpy", "pandas", "torch", "tqdm", "pygments", "evenomics"):
        done = subprocess.run(
            [machine.programs / "python", "-c", f"import {name}"],
            env=machine.env(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert f"No module named '{name}'" in done.stderr


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_planned_with_conda(machine: Machine, name: str) -> None:
    words = ["--software-deployment-method", "conda", "--configfile", f"config/{name}"]
    done = machine.snakemake("-n", *words)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Conda environment envs/evenomics.yaml will be created." in said
    assert "summarise_studies" in said


@pytest.mark.parametrize("name", CONFIGS)
def test_make_run_and_the_plain_command_plan_the_same_files(
    machine: Machine, name: str, tmp_path: Path
) -> None:
    """`make run` with the Snakemake and the packages of this process, the plain command without."""
    here = Path(sys.executable).parent
    summary = '[ "$2" != snakemake ] || set -- "$@" --summary'
    (tmp_path / "python").write_text(f'#!/bin/sh\n{summary}\nexec "{here / "python"}" "$@"\n')
    (tmp_path / "python").chmod(0o755)
    made = planned(make(machine.project, "run", f"CONFIG=config/{name}", programs=tmp_path))
    plain = planned(machine.snakemake("--summary", "--configfile", f"config/{name}"))
    assert len(made) > 10
    assert plain == made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-n", "--workflow-profile", "none"], "load_cohorts"),
        (["-n", "--workflow-profile", "none", "--jobs", "100"], "load_cohorts"),
        (["-n"], "profile profiles/default"),
        (["--list-rules"], "load_cohorts"),
        (["--lint"], "your workflow is in a good condition"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_snakemake_tells_about_the_workflow(
    machine: Machine, words: list[str], said: str
) -> None:
    """No number of cores is needed to know the jobs."""
    done = machine.snakemake(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--dag", "--rulegraph"])
def test_of_a_graph_nothing_else_is_printed(machine: Machine, option: str) -> None:
    """It is for a program that draws it."""
    done = machine.snakemake(option)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("digraph")
    assert done.stdout.rstrip().endswith("}")
    assert "load_cohorts" in done.stdout


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_the_default_profile_is_found_from_another_folder(
    machine: Machine, snakefile: str, tmp_path: Path
) -> None:
    """Beside the file that is named."""
    path = machine.project / snakefile
    config = str(machine.project / "config/config.yaml")
    done = machine.snakemake(
        "-n", "--snakefile", str(path), "--configfile", config, folder=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"workflow specific profile {path.parent / 'profiles/default'}" in done.stderr


@pytest.fixture(scope="module")
def finished(machine: Machine) -> Path:
    """Folder in which the plain command has run to its end, with what reports need installed."""
    install(machine.environment, "snakemake[reports]")
    done = machine.snakemake("--cores", "all", "--use-conda", "--configfile", "config/small.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return machine.project


def test_the_plain_command_makes_the_files_of_make_run(finished: Path, tmp_path: Path) -> None:
    """The report among them; every table that does not tell the time has the same bytes."""
    (clone(tmp_path) / "config/small.yaml").write_text(SMALL)
    done = make(tmp_path, "run", "CONFIG=config/small.yaml", "CONDA=off")
    assert done.returncode == 0, done.stdout + done.stderr
    made, plain = (
        {path.relative_to(folder) for path in folder.glob("results/**/*") if path.is_file()}
        for folder in (tmp_path, finished)
    )
    assert Path("results/report.html") in made
    assert plain == made
    tables = table_hashes(tmp_path / "results")
    assert len(tables) > 10
    assert table_hashes(finished / "results") == tables


@pytest.mark.usefixtures("finished")
def test_without_the_package_for_reports_a_run_is_complete_and_says_what_to_install(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "pygments.py").write_text("raise ImportError")
    words = ["--use-conda", "--configfile", "config/small.yaml"]
    done = machine.snakemake(*words, "--forcerun", "summarise_studies", PYTHONPATH=str(tmp_path))
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "The results are complete, but the report could not be written" in said
    assert "Python package pygments must be installed" in said
    done = machine.snakemake(*words, "--report", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Did balancing the classes help?" in (tmp_path / "report.html").read_text()
