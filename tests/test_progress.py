"""How far a stage has come is told in the log, seldom enough."""

import re

import pytest

from evenomics.progress import Progress


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged."""
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_every_step_is_told(monkeypatch, caplog):
    monkeypatch.setattr("evenomics.progress.SECONDS", 0.0)
    stage = Progress("scoring", 8)
    for steps in (2, 1, 5):
        stage.add(steps)
    assert [re.sub(", .* left", "", line) for line in told(caplog)] == [
        f"scoring: {percent}% done" for percent in (0, 25, 37, 100)
    ]
    assert told(caplog)[-1] == "scoring: 100% done, 0 s left"


def test_a_stage_of_many_steps_writes_a_line_per_percent(monkeypatch, caplog):
    monkeypatch.setattr("evenomics.progress.SECONDS", 0.0)
    stage = Progress("scoring", 100_000)
    for _ in range(100_000):
        stage.add()
    assert len(told(caplog)) == 101


def test_a_quick_stage_writes_its_first_line_only(monkeypatch, caplog):
    monkeypatch.setattr("evenomics.progress.SECONDS", 1000.0)
    stage = Progress("scoring", 100)
    stage.add(99)
    assert told(caplog) == ["scoring: 0% done"]


def test_what_is_left_goes_by_the_pace_so_far(monkeypatch, caplog):
    clock = iter([0.0, 30.0, 120.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stage = Progress("scoring", 10)
    stage.add(1)
    stage.add(3)
    assert told(caplog)[1:] == [
        "scoring: 10% done, 4 min 30 s left",
        "scoring: 40% done, 3 min left",
    ]
