"""The workflow as a module of another, from a folder or a repository; the library as a wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from evenomics.config.names import SCHEMAS
from evenomics.config.paths import SHIPPED_GENE_SETS
from snakemake_runs import ROOT, clone, install, planned, run_rules

GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

# The config of another workflow, in which this one has a section.
CONFIG = {
    "theirs": 1,
    "balancing": {
        "studies": {
            "own": {
                "classes": ["a", "b"],
                "cohorts": {
                    "source": "table",
                    "table": {"path": "data/t.csv", "class_column": "c"},
                    "split": {"real": 0.5, "external": 0.1, "validation": 0.4, "replicates": 2},
                },
                "experiments": {"controls": [12], "imbalance": [0.5]},
            }
        },
        "arms": ["none", "class_weight"],
        "scoring": {"classifiers": ["svc"], "repeats": 2, "folds": 2},
    },
}

SNAKEFILE = """
module evenomics:
    snakefile: {snakefile}
    config: config["balancing"]
    {prefix}

use rule * from evenomics as evenomics_*

rule theirs:
    default_target: True
    input: rules.evenomics_all.input
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Git repository of the workflow as it is now, with the tag v1."""
    folder = clone(tmp_path_factory.mktemp("repository"))
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"], ["tag", "v1"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def hosting(folder: Path, repository: Path) -> dict[str, str]:
    """Environment in which a repository stands for github.com/owner/evenomics."""
    url = f'[url "{repository.as_uri()}"]\n insteadOf = https://github.com/owner/evenomics\n'
    (folder / "gitconfig").write_text(url)
    return {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
    }


def use(
    folder: Path, snakefile: str, prefix: str, *options: str, hosted: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a workflow that uses this one; `hosted` stands for github.com/owner/evenomics."""
    (folder / "data").mkdir(exist_ok=True)
    rows = [f"s{i},{'ab'[i % 2]},{i * 7 % 11},{i * 5 % 13 + i % 2}\n" for i in range(80)]
    (folder / "data/t.csv").write_text("id,c,f1,f2\n" + "".join(rows))
    env = hosting(folder, hosted) if hosted else {}
    rules = SNAKEFILE.format(snakefile=snakefile, prefix=f'prefix: "{prefix}"' if prefix else "")
    return run_rules(folder, rules, *options, config=CONFIG, cores=2, env=env)


def assert_whole(folder: Path, results: Path) -> None:
    """Check that everything is there, below the prefix only, and what a run takes with it."""
    for name in ("summary.html", "own/none/scores.tsv.gz", "own/none/figures/scores.svg"):
        assert (results / name).stat().st_size > 100
    beside = {path.name for path in folder.iterdir() if path.is_dir()}
    ours = {results.relative_to(folder).parts[0]}
    assert beside - {"data", "cache", ".snakemake", ".numba_cache"} == ours


@pytest.mark.slow
@pytest.mark.workflow
def test_a_module_from_a_folder(tmp_path: Path) -> None:
    snakefile = repr(str(ROOT / "workflow/Snakefile"))
    done = use(tmp_path, snakefile, "")
    assert done.returncode == 0, done.stderr[-4000:]
    assert_whole(tmp_path, tmp_path / "results")


@pytest.mark.slow
@pytest.mark.workflow
@GIT
def test_a_module_from_a_host_with_a_prefix(tmp_path: Path, repository: Path) -> None:
    """As `snakedeploy` writes it; the user's own table keeps its place. The report is made, too."""
    snakefile = 'github("owner/evenomics", path="workflow/Snakefile", tag="v1")'
    done = use(tmp_path, snakefile, "balanced", hosted=repository)
    assert done.returncode == 0, done.stderr[-4000:]
    assert_whole(tmp_path, tmp_path / "balanced/results")
    done = use(tmp_path, snakefile, "balanced", "--report", "report.html", hosted=repository)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Did balancing the classes help?" in (tmp_path / "report.html").read_text()


@pytest.mark.workflow
@GIT
def test_a_module_from_a_local_repository_runs_r_scripts_beside_each_other(
    tmp_path: Path, repository: Path
) -> None:
    """Its commit lies in a folder, once: scripts find what they source, and the library."""
    snakefile = f'"git+file://{repository}/workflow/Snakefile@v1"'
    target = "balanced/results/own/cohorts"
    for _ in range(2):
        done = use(tmp_path, snakefile, "balanced", "--", target)
        assert done.returncode == 0, done.stderr[-4000:]
    (commit,) = (tmp_path / ".snakemake/evenomics").iterdir()
    for name in ("workflow/scripts/script_log.R", "profiles/default/config.yaml"):
        assert (commit / name).is_file()
    assert os.access(commit / "workflow/last_on_path/Rscript", os.X_OK)
    assert (tmp_path / target).is_dir()
    assert "Nothing to be done" in done.stderr


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.pypi
@GIT
def test_what_snakedeploy_writes_is_planned_as_the_project_is(
    tmp_path: Path, repository: Path
) -> None:
    """Its folder has the configs and the profile, which `snakemake` finds there."""
    programs = install(tmp_path / "snakedeploy", "snakedeploy==0.17.1")
    env = {**os.environ, **hosting(tmp_path, repository)}
    host = "https://github.com/owner/evenomics"
    deployed = tmp_path / "deployed"
    subprocess.run(
        [programs / "snakedeploy", "deploy-workflow", host, deployed, "--tag", "v1"],
        env=env, check=True, capture_output=True,
    )  # fmt: skip

    def snakemake(folder: Path, option: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", option],
            cwd=folder, env=env, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Using workflow specific profile profiles/default" in done.stderr
        return done

    snakemake(deployed, "--dry-run")
    ours, theirs = (planned(snakemake(folder, "--summary")) for folder in (repository, deployed))
    assert len(ours) > 10
    assert theirs == ours


@pytest.mark.workflow
def test_a_module_from_elsewhere_is_refused_with_what_can_be_named(tmp_path: Path) -> None:
    """A file of a web server has no repository whose other files could be had."""
    rules = f'include: "{ROOT}/workflow/rules/location.smk"\n' + (
        "from snakemake.sourcecache import GenericSourceFile\n"
        'checked_out(GenericSourceFile("https://example.org/workflow/rules"))\n'
    )
    done = run_rules(tmp_path, rules, "-n")
    said = done.stdout + done.stderr
    assert "evenomics cannot be used from https://example.org/workflow/rules: name a path" in said
    assert "Traceback" not in said


def test_the_snakefile_fits_on_a_screen() -> None:
    """What is longer belongs into a file of `workflow/rules`."""
    assert len((ROOT / "workflow/Snakefile").read_text("utf-8").splitlines()) < 60


def test_a_wheel_holds_all_files_of_the_library(tmp_path: Path) -> None:
    """Schemas, gene sets and R code among them: none is looked for outside of the package."""
    pytest.importorskip("setuptools", minversion="77")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    package = ROOT / "workflow/evenomics"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, source / "workflow/evenomics", ignore=ignored)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    for path in source.glob("workflow/evenomics/**/*"):
        if path.is_file():
            assert str(path.relative_to(source / "workflow")) in held
    assert all(path.is_relative_to(package) for path in (SCHEMAS, *SHIPPED_GENE_SETS.values()))
