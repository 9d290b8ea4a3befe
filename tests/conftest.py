"""Fixtures that several tests share, and what a machine must not skip."""

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: marker -> variable that, set to 1, turns its skips into failures
REQUIRED = {"r": "EVENOMICS_REQUIRE_R", "browser": "EVENOMICS_REQUIRE_BROWSER"}


@pytest.fixture(autouse=True)
def _libraries_of_this_python() -> Generator[None]:
    """Take back what rpy2 does to LD_LIBRARY_PATH: children would load the system's libpython."""
    before = os.environ.get("LD_LIBRARY_PATH")
    yield
    if before is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = before


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what was skipped although this machine has to be able to run it."""
    report = yield
    for marker, variable in REQUIRED.items():
        if report.skipped and item.get_closest_marker(marker) and os.environ.get(variable) == "1":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable}=1, but the test was skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a module that skips itself for want of R, where R is required."""
    report = yield
    variable = REQUIRED["r"]
    if report.skipped and "rpy2" in str(report.longrepr) and os.environ.get(variable) == "1":
        report.outcome = "failed"
        report.longrepr = f"{variable}=1, but the module was skipped: {report.longrepr}"
    return report
