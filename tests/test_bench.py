"""The arithmetic of the benchmarks; of those that measure time, by a clock that a test sets."""

import statistics
from functools import partial
from types import SimpleNamespace

import pytest
from bench import contenders, costs, false_positives, harness, scoring, training


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
    runs = {"slow": clock.takes(0.5), "fast": clock.takes(0.125)}
    measured = harness.rates(runs, seconds=5, rounds=100, until=clock.now)
    assert measured == {"slow": [2.0] * 3, "fast": [8.0] * 3}
    assert harness.ratio(measured, "fast", "slow") == 4.0
    began = clock.now
    assert len(harness.rates(runs, seconds=5, rounds=100, until=began + 100)["slow"]) < 12
    uneven = {"a": [1.0, 2.0, 9.0], "b": [1.0, 1.0, 3.0]}
    assert harness.ratio(uneven, "a", "b") == 2.0


@pytest.mark.slow
def test_the_quick_benchmark_ends_with_its_three_ratios(monkeypatch):
    """Every contender trains (small networks); where each takes as long, all ratios are 1."""
    small = partial(contenders.make_run, n_features=6, hidden=(4, 4, 4))
    for module in (contenders, training):
        monkeypatch.setattr(module, "make_run", small)
    set_clock(monkeypatch, Clock(tick=1.0))
    assert training.quick(0) == "ratio_batch10=1.00 ratio_batch30=1.00 ratio_2core=1.00"


def test_the_largest_rate_is_that_of_a_headline_test_of_equal_arms(monkeypatch, capsys):
    """Of three simulations a line, from the cells of the table."""
    monkeypatch.setattr(false_positives, "QUICK", 3)
    monkeypatch.setattr("sys.argv", ["false_positives", "--quick"])
    false_positives.main()
    lines = capsys.readouterr().out.splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| two ")]
    assert len(cells) == 2 * 4 * 2
    overlap, resampled = 6, 7
    headline = [row[overlap if "splits" not in row[1] else resampled] for row in cells]
    largest = max(float(rate.strip().removesuffix("%")) for rate in headline)
    assert lines[-1].startswith("max_rate=")
    assert 100 * float(lines[-1].removeprefix("max_rate=")) == pytest.approx(largest, abs=0.1)


@pytest.mark.parametrize("design", false_positives.DESIGNS)
def test_simulated_arms_are_equal_in_the_population_or_differ_by_0_02(design):
    """By the closed form of the AUROC of linear scores, over 40 studies."""
    for equal, expected in [(false_positives.DIFFERENT, 0.0), (false_positives.BETTER, 0.02)]:
        case = false_positives.Case(equal, design)
        found = [false_positives.simulate(case, seed).difference for seed in range(40)]
        error = statistics.stdev(found) / 40**0.5
        assert statistics.mean(found) == pytest.approx(expected, abs=4 * error)
        assert error < 0.005


def test_costs_of_scoring_are_measured_beside_the_model(monkeypatch):
    monkeypatch.setattr(costs, "DRAWS", [(12, 6)])
    monkeypatch.setattr(costs, "FEATURES", [10])
    monkeypatch.setattr(costs, "N_VALIDATION", 20)
    monkeypatch.setattr(costs, "REPEATS", 2)
    ((n, p, seconds, model, _),) = costs.rows()
    assert (n, p) == (24, 10)
    assert float(seconds) > 0
    assert float(model) > 0


def test_the_benchmark_of_tuning_tunes_on_samples_that_it_has_not_seen(monkeypatch):
    """Of a classifier that is fast: samples that differ by nothing are told apart by chance."""
    monkeypatch.setattr(scoring, "CLASSIFIER", "logistic_regression")
    monkeypatch.setattr(scoring, "DIFFERENCE", 0.0)
    assert 0.3 < scoring.best_first(1)(scoring.two_classes(100)) < 0.75
