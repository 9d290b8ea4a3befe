"""Snakemake as a user starts it, in a folder of the test: the workflow, or a rule of its own."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
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
            "--cores", str(cores), "--show-failed-logs", *options,
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


def make(
    folder: Path, *words: str, programs: Path = Path(sys.executable).parent, **env: str
) -> subprocess.CompletedProcess[str]:
    """Do what `make` does once everything is installed, with the programs of a folder."""
    stamps = ["-o", ".venv/installed.run", "-o", ".venv/installed.r"]
    return subprocess.run(
        ["make", f"BIN={programs}", *stamps, *words],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), **env},
    )  # fmt: skip


def clone(folder: Path) -> Path:
    """Make a copy of what git has of the project, as the files are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in listed.split("\0")[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def planned(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what `--summary` says of every file of the plan: its rule, its log, what is to do."""
    return sorted(line for line in done.stdout.splitlines() if line.count("\t") > 4)


def table_hashes(folder: Path) -> dict[str, str]:
    """Digest of every table below a folder that stays and does not tell the time."""
    files = [*folder.rglob("*.tsv"), *folder.rglob("*.tsv.gz"), *folder.rglob("*.json")]
    timed = {"timings.tsv", "stages.tsv", "chosen.tsv", "seconds.tsv"}
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in timed and not {"benchmarks", "checkpoints"} & {*path.parts}
    }


def install(environment: Path, *packages: str) -> Path:
    """Install packages in a virtual environment, made if need be; return its programs' folder.

    Versions are those of constraints.txt. The test is skipped where pip cannot have them.
    """
    programs = environment / "bin"
    if not programs.is_dir():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    done = subprocess.run(
        [
            programs / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
            "-c", ROOT / "constraints.txt", *packages,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        pytest.skip(f"pip cannot install {', '.join(packages)} here: {' '.join(errors[-2:])}")
    return programs


# What Snakemake asks conda for, and no more. All environments that it makes have this process's
# packages, since conda's channels cannot be reached from every machine.
CONDA = """#!/bin/sh
case "$*" in
  --version) echo conda 25.1.1 ;;
  "info --json") echo '{{"conda_prefix": "{prefix}", "platform": "linux-64"}}' ;;
  "config --get channel_priority --json") echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
  "env create "*)
    for prefix; do :; done
    mkdir -p "$prefix/bin"
    printf '#!/bin/sh\\nexec "{python}" "$@"\\n' > "$prefix/bin/python"
    chmod +x "$prefix/bin/python" ;;
  "clean "*) ;;
  *) echo "conda was not to be asked: $*" >&2; exit 1 ;;
esac
"""


def stand_in_conda(prefix: Path) -> Path:
    """Make what stands for conda; return the folder of its programs."""
    programs = prefix / "bin"
    programs.mkdir(parents=True)
    (programs / "conda").write_text(CONDA.format(prefix=prefix, python=sys.executable))
    (programs / "conda").chmod(0o755)
    (programs / "activate").write_text('PATH="$1/bin:$PATH"\n')
    return programs
