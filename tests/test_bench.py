"""The benchmark's arithmetic, by a clock that a test sets."""

from types import SimpleNamespace

import pytest
from bench import harness, training


class Clock:
    """A clock that stands still unless it is told to go on."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now

    def takes(self, seconds: float):
        """Return what takes so long for each cycle."""

        def run(n_cycles: int) -> None:
            self.now += seconds * n_cycles

        return run


def set_clock(monkeypatch, clock: Clock) -> None:
    for module in (harness, training):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock, process_time=clock))


def test_rates_are_cycles_per_second_and_ratios_those_of_each_turn(monkeypatch):
    """Three turns at least, and none begins once the time is up."""
    clock = Clock()
    set_clock(monkeypatch, clock)
    contenders = {"slow": clock.takes(0.5), "fast": clock.takes(0.125)}
    measured = harness.rates(contenders, seconds=5, rounds=100, until=clock.now)
    assert measured == {"slow": [2.0] * 3, "fast": [8.0] * 3}
    assert harness.ratio(measured, "fast", "slow") == 4.0
    began = clock.now
    assert len(harness.rates(contenders, seconds=5, rounds=100, until=began + 100)["slow"]) < 12
    uneven = {"a": [1.0, 2.0, 9.0], "b": [1.0, 1.0, 3.0]}
    assert harness.ratio(uneven, "a", "b") == 2.0


@pytest.mark.slow
def test_the_quick_benchmark_ends_with_its_three_ratios(monkeypatch):
    """Every contender trains; where each takes as long, no ratio is anything but 1."""
    set_clock(monkeypatch, Clock(tick=1.0))
    assert training.quick(0) == "ratio_batch10=1.00 ratio_batch30=1.00 ratio_2core=1.00"
