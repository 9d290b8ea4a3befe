"""What a machine must not skip: a test that lacks what the machine has to have fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snakemake_runs import ROOT

TESTS = """
import pytest

@pytest.mark.r
def test_of_r():
    pytest.skip("needs R")

def test_of_data(shared_data):
    pass

def test_of_neither():
    pytest.skip("for another reason")
"""


@pytest.mark.parametrize(
    ("required", "failed"),
    [([], []), (["DATA"], ["test_of_data"]), (["R", "DATA"], ["test_of_data", "test_of_r"])],
)
def test_a_skip_is_a_failure_where_what_it_lacks_is_required(
    tmp_path: Path, required: list[str], failed: list[str]
) -> None:
    """Beside a checkout that has no data sets."""
    folder = tmp_path / "checkout/tests"
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"), "utf-8")
    (folder / "test_three.py").write_text(TESTS)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EVENOMICS_REQUIRE")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:xdist", "-p", "no:cacheprovider",
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder.parent), str(folder)],
        env=kept | {f"EVENOMICS_REQUIRE_{name}": "1" for name in required},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == bool(failed), done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert sorted(line.split()[1].split("::")[1] for line in lines) == failed
