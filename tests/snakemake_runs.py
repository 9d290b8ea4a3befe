"""Snakemake as a user starts it, in a folder of the test: the workflow, or a rule of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow/scripts"


def run_rules(
    folder: Path,
    rules: str | Path,
    *options: str,
    config: Mapping[str, Any] | Path | None = None,
    cores: int = 1,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run rules in a folder, which is made if need be.

    Parameters
    ----------
    folder : Path
    rules : str or Path
        Text of a Snakefile, or the file.
    *options : str
        Further words of the command line.
    config : mapping or Path, optional
        The config, or the file that holds it.
    cores : int
    env : mapping of str to str, optional
        Environment variables beside this process's own.
    """
    folder.mkdir(exist_ok=True)
    if not isinstance(rules, Path):
        (folder / "Snakefile").write_text(rules)
        rules = folder / "Snakefile"
    if not isinstance(config, Path):
        (folder / "config.yaml").write_text(yaml.safe_dump(dict(config or {})))
        config = folder / "config.yaml"
    return subprocess.run(
        [
            sys.executable, "-m", "snakemake", "--directory", str(folder),
            "--snakefile", str(rules), "--configfile", str(config),
            "--cores", str(cores), *options,
        ],
        env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def run_workflow(
    folder: Path, config: Mapping[str, Any] | Path, *options: str, cores: int = 1, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the project's Snakefile in a folder; see `run_rules`."""
    profile = str(ROOT / "workflow/profiles/default")
    return run_rules(
        folder, ROOT / "Snakefile", "--workflow-profile", profile, *options,
        config=config, cores=cores, env={"NUMBA_CACHE_DIR": str(ROOT / ".numba_cache"), **env},
    )  # fmt: skip


def without_r_packages(folder: Path) -> dict[str, str]:
    """Environment in which R sees only its own library; the folder holds no packages."""
    return dict.fromkeys(["R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"], str(folder))


def conda_stand_in(folder: Path) -> dict[str, str]:
    """Environment with a `conda` that answers Snakemake's questions and can create nothing."""
    conda = folder / "bin/conda"
    conda.parent.mkdir()
    conda.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "  --version) echo conda 25.1.1 ;;\n"
        '  *info*) echo \'{"conda_version": "25.1.1", "conda_prefix": "/none", "platform": '
        '"linux-64", "root_prefix": "/none"}\' ;;\n'
        '  *config*) echo \'{"get": {"channel_priority": "strict"}}\' ;;\n'
        "esac\n"
    )
    conda.chmod(0o755)
    return {"PATH": f"{conda.parent}{os.pathsep}{os.environ['PATH']}"}
