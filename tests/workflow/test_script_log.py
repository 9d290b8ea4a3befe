"""What ends a script is in its log, and a loud warning on the terminal too."""

import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[2] / "workflow"

SCRIPT = """
import sys, warnings
sys.path[:0] = [{scripts!r}, {workflow!r}]
from script_log import log_to
from evenomics.errors import CohortError
log_to({log!r})
warnings.warn("look out")
raise {error}
"""


@pytest.mark.parametrize(
    ("error", "traceback"),
    [("CohortError('real.tsv cannot be read:', ['two headers'])", False), ("KeyError(3)", True)],
)
def test_what_ends_a_script_is_in_its_log_alone(tmp_path, error, traceback):
    """A problem of the user's is written plainly, a fault of ours with its traceback."""
    log = tmp_path / "rule.log"
    script = SCRIPT.format(
        scripts=str(WORKFLOW / "scripts"), workflow=str(WORKFLOW), log=str(log), error=error
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    text = log.read_text()
    assert "look out" in text
    assert ("two headers" in text) is not traceback
    assert ("Traceback" in text) is traceback
    assert not done.stderr


def test_a_full_disk_is_told_on_the_terminal_with_what_to_do():
    """The log has no room for it; nothing is said about that."""
    script = SCRIPT.format(
        scripts=str(WORKFLOW / "scripts"), workflow=str(WORKFLOW), log="/dev/full",
        error="OSError(28, 'No space left on device')",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("No space is left on the disk of /dev/full: make room, or")


def test_a_script_that_the_user_stops_has_no_traceback(tmp_path):
    log = tmp_path / "rule.log"
    script = SCRIPT.format(
        scripts=str(WORKFLOW / "scripts"), workflow=str(WORKFLOW), log=str(log),
        error="KeyboardInterrupt",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert not done.stderr
    text = log.read_text()
    assert "stopped" in text
    assert "Traceback" not in text


def test_a_loud_warning_reaches_log_and_terminal(tmp_path):
    log = tmp_path / "rule.log"
    script = (
        f"import sys; sys.path[:0] = [{str(WORKFLOW / 'scripts')!r}, {str(WORKFLOW)!r}]\n"
        f"from script_log import log_to, warn_loudly\nlog_to({str(log)!r})\n"
        "warn_loudly('92% of the cells')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "WARNING: 92% of the cells\n"
    assert "WARNING 92% of the cells" in log.read_text()
