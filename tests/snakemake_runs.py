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


def run_workflow(
    folder: Path,
    config: Mapping[str, Any] | Path,
    *options: str,
    cores: int = 1,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the project's Snakefile in a folder.

    Parameters
    ----------
    folder : Path
    config : mapping or Path
        The config, or the file that holds it.
    *options : str
        Further words of the command line.
    cores : int
    env : mapping of str to str, optional
        Environment variables beside this process's own.
    """
    options = ("--workflow-profile", str(ROOT / "workflow/profiles/default"), *options)
    env = {"NUMBA_CACHE_DIR": str(ROOT / ".numba_cache"), **(env or {})}
    return _snakemake(folder, ROOT / "Snakefile", config, options, cores, env)


def run_rules(
    folder: Path,
    rules: str,
    *options: str,
    config: Mapping[str, Any] | None = None,
    cores: int = 1,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run rules of the test's own in a folder, which is made if need be.

    Parameters
    ----------
    folder : Path
    rules : str
        Text of the Snakefile.
    *options, config, cores, env
        As in `run_workflow`.
    """
    folder.mkdir(exist_ok=True)
    snakefile = folder / "Snakefile"
    snakefile.write_text(rules)
    return _snakemake(folder, snakefile, config or {}, options, cores, env or {})


def _snakemake(
    folder: Path,
    snakefile: Path,
    config: Mapping[str, Any] | Path,
    options: tuple[str, ...],
    cores: int,
    env: Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    if not isinstance(config, Path):
        (folder / "config.yaml").write_text(yaml.safe_dump(dict(config)))
        config = folder / "config.yaml"
    return subprocess.run(
        [
            sys.executable, "-m", "snakemake", "--directory", str(folder),
            "--snakefile", str(snakefile), "--configfile", str(config),
            "--cores", str(cores), *options,
        ],
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
