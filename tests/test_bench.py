"""The benchmark says what it is read for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_quick_benchmark_of_training_ends_with_its_three_ratios():
    done = subprocess.run(
        [sys.executable, "-m", "bench.training", "--quick"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    last = done.stdout.splitlines()[-1]
    number = r"(\d+\.\d+)"
    found = re.fullmatch(
        f"ratio_batch10={number} ratio_batch30={number} ratio_2core={number}", last
    )
    assert found
    assert all(float(x) > 0 for x in found.groups())
