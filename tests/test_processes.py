"""Processes that are killed, or whose parent is: nothing stays behind, and the user is told."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from joblib import delayed

from evenomics.errors import WorkerError
from evenomics.workers import workers

SLEEPER = (
    "import sys, time; from evenomics.processes import end_with\n"
    "end_with(int(sys.argv[1])); time.sleep(99)"
)
SHARERS = (
    "import time; from joblib import delayed; from evenomics.workers import workers\n"
    "with workers(2) as parallel: parallel(delayed(time.sleep)(99) for _ in range(2))"
)


def children_with(parent: int, words: str) -> list[psutil.Process]:
    """Wait for a Python with these words in its command; return all that were started."""
    for _ in range(600):
        children = psutil.Process(parent).children(recursive=True)
        for child in children:
            with suppress(psutil.Error):
                if child.name() != "bash" and words in " ".join(child.cmdline()):
                    return children
        time.sleep(0.1)
    raise AssertionError(f"no process has the words {words}")


@pytest.fixture
def left() -> Iterator[list[psutil.Process]]:
    """Give a list for what a test has started; what is still there is killed after it."""
    processes: list[psutil.Process] = []
    yield processes
    for process in processes:
        if process.is_running():
            process.kill()


@pytest.mark.parametrize("between", [[], ["bash", "-c", '"$0" "$@"; true']])
def test_a_process_ends_with_who_started_it(between: list[str], left: list[psutil.Process]) -> None:
    """Also with a shell between them, which goes on."""
    words = [*between, sys.executable, "-c", SLEEPER]
    starter = f"import os, subprocess; subprocess.run([*{words!r}, str(os.getpid())])"
    parent = subprocess.Popen([sys.executable, "-c", starter])
    left += children_with(parent.pid, "time.sleep(99)")
    (script,) = (process for process in left if process.name() != "bash")
    assert (script.ppid() == parent.pid) == (not between)
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([script], timeout=30)[1] == []


def test_workers_end_with_who_started_them(left: list[psutil.Process]) -> None:
    parent = subprocess.Popen([sys.executable, "-c", SHARERS])
    left += children_with(parent.pid, "LokyProcess-2")
    parent.kill()
    parent.wait()
    assert psutil.wait_procs(left, timeout=30)[1] == []


def kill_oneself() -> None:
    """Do to this process what the system does when memory runs out."""
    os.kill(os.getpid(), 9)


def test_a_worker_that_is_killed_is_told_with_what_to_do() -> None:
    with pytest.raises(WorkerError, match=r"one of 2 processes was killed.*CORES=1"):  # noqa: SIM117
        with workers(2) as parallel:
            parallel(delayed(kill_oneself)() for _ in range(2))
