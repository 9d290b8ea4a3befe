"""The grid of experiments: names and counts."""

from evenomics.config.experiments import experiment_grid


def test_the_papers_grid_has_its_nine_experiments():
    grid = experiment_grid({"controls": [40, 80, 120], "imbalance": [0.4, 0.5, 0.6]})
    assert [(e.name, e.controls, e.cases) for e in grid] == [
        ("c40_i0.4", 40, 16), ("c40_i0.5", 40, 20), ("c40_i0.6", 40, 24),
        ("c80_i0.4", 80, 32), ("c80_i0.5", 80, 40), ("c80_i0.6", 80, 48),
        ("c120_i0.4", 120, 48), ("c120_i0.5", 120, 60), ("c120_i0.6", 120, 72),
    ]  # fmt: skip


def test_whole_cohort_and_repeated_settings():
    grid = experiment_grid({"whole": True, "controls": [4, 4], "imbalance": [1]})
    assert [e.name for e in grid] == ["whole", "c4_i1"]
    assert experiment_grid({}) == []
