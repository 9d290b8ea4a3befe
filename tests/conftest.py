"""Fixtures that several tests share, and what a machine must not skip."""

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

from evenomics.data.r_session import embedded_r

ROOT = Path(__file__).parents[1]
# Tests start make as a person does, also where make has started them.
for variable in (
    "MAKELEVEL",
    "MAKEFLAGS",
    "MFLAGS",
    "CONFIG",
    "CORES",
    "RESULTS",
    "RELEASED",
    "PYTHON",
):
    os.environ.pop(variable, None)

#: marker or fixture -> variable that, set to 1, turns the skips of its tests into failures
REQUIRED = {
    "r": "EVENOMICS_REQUIRE_R",
    "browser": "EVENOMICS_REQUIRE_BROWSER",
    "slurm": "EVENOMICS_REQUIRE_SLURM",
    "shared_data": "EVENOMICS_REQUIRE_DATA",
    "pypi": "EVENOMICS_REQUIRE_PYPI",
}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data sets that lie beside the repository, not in it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the data sets of {folder}, which are not part of the repository")
    return folder


@pytest.fixture(scope="session")
def geo_files() -> Path:
    """Folder of the real GEO files that GEOquery ships."""
    if not shutil.which("Rscript"):
        pytest.skip("needs R")
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", 'cat(system.file("extdata", package = "GEOquery"))'],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout:
        pytest.skip("needs R's package GEOquery")
    return Path(done.stdout)


@pytest.fixture(scope="session")
def robjects() -> ModuleType:
    """R in this process, as ``rpy2.robjects``."""
    try:
        return embedded_r()
    except Exception as error:
        pytest.skip(f"needs R and rpy2: {error}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what was skipped although this machine has to be able to run it."""
    report = yield
    needed = {mark.name for mark in item.iter_markers()} | {*getattr(item, "fixturenames", ())}
    for name, variable in REQUIRED.items():
        if report.skipped and name in needed and os.environ.get(variable) == "1":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable}=1, but the test was skipped: {reason}"
    return report
