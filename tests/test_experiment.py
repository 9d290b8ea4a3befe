"""Experiments: the counts asked for, drawn with a stream of their own."""

import numpy as np
import pandas as pd
import pytest

from evenomics.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.experiment import Experiment, draw, experiment_grid

CLASSES = ["control", "case", "rare"]


def cohort(*sizes: int) -> Cohort:
    labels = np.repeat(CLASSES[: len(sizes)], sizes)
    labels = np.random.default_rng(0).permutation(labels)
    index = pd.Index([f"s{i}" for i in range(len(labels))], name="sample_id", dtype=str)
    features = pd.DataFrame({"a": np.arange(len(labels), dtype=float)}, index=index)
    return Cohort(features, pd.Series(labels, index=index, dtype=str), "real", "real.tsv")


def samples(drawn: Cohort) -> set[str]:
    return set(drawn.features.index)


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


def test_draws_have_the_counts_asked_for_and_keep_each_sample_with_its_class():
    real = cohort(60, 40, 30)
    grid = experiment_grid({"whole": True, "controls": [40], "imbalance": [0.4, 0.6]})
    draws = draw(real, grid, CLASSES, seed=1)
    assert draws["whole"].class_counts() == real.class_counts()
    assert draws["c40_i0.4"].class_counts() == {"control": 40, "case": 16, "rare": 16}
    for name, drawn in draws.items():
        assert drawn.name == name
        assert len(samples(drawn)) == drawn.n_samples
        pd.testing.assert_frame_equal(drawn.features, real.features.loc[drawn.features.index])
        pd.testing.assert_series_equal(drawn.classes, real.classes.loc[drawn.features.index])


def test_a_draw_depends_on_seed_and_name_but_not_on_the_rest_of_the_grid():
    real, one, two = cohort(60, 40), Experiment(20, 0.5), Experiment(30, 0.5)
    alone = draw(real, [one], CLASSES[:2], seed=1)[one.name]
    beside = draw(real, [two, one], CLASSES[:2], seed=1)
    assert samples(alone) == samples(beside[one.name])
    assert samples(alone) != samples(draw(real, [one], CLASSES[:2], seed=2)[one.name])


def test_experiments_of_equal_size_draw_different_samples():
    grid = experiment_grid({"controls": [20], "imbalance": [0.4, 0.5]})
    draws = draw(cohort(60, 40), grid, CLASSES[:2], seed=1)
    controls = [set(d.classes.index[d.classes == "control"]) for d in draws.values()]
    assert controls[0] != controls[1]


def test_every_sample_is_as_likely_to_be_drawn():
    real, experiment = cohort(10, 10), Experiment(4, 0.5)
    hits = pd.Series(0, index=real.features.index)
    for seed in range(1000):
        hits[[*samples(draw(real, [experiment], CLASSES[:2], seed)[experiment.name])]] += 1
    expected = real.classes.map({"control": 400, "case": 200})
    sd = np.sqrt(expected * (1 - expected / 1000))
    assert (abs(hits - expected) < 4 * sd).all()


def test_disjoint_experiments_share_no_sample():
    grid = experiment_grid({"controls": [10, 20], "imbalance": [0.4, 0.6]})
    draws = draw(cohort(60, 30), grid, CLASSES[:2], seed=1, disjoint=True)
    assert sum(d.n_samples for d in draws.values()) == 90
    assert len(set.union(*map(samples, draws.values()))) == 90


def test_too_small_a_class_is_named_with_asked_and_found_for_every_experiment():
    grid = experiment_grid({"controls": [20, 50], "imbalance": [0.4, 0.6]})
    with pytest.raises(CohortError) as error:
        draw(cohort(45, 25), grid, CLASSES[:2], seed=1)
    assert "real.tsv" in str(error.value)
    found = [problem.split(";")[0] for problem in error.value.problems]
    assert found == [
        "experiment 'c50_i0.4': 50 samples of the class 'control' asked for, 45 found",
        "experiment 'c50_i0.6': 50 samples of the class 'control' asked for, 45 found",
        "experiment 'c50_i0.6': 30 samples of the class 'case' asked for, 25 found",
    ]


def test_experiments_that_are_too_large_only_together():
    grid = experiment_grid({"controls": [40], "imbalance": [0.4, 0.5]})
    with pytest.raises(CohortError, match="ask for 80 samples of the class 'control', 70 found"):
        draw(cohort(70, 40), grid, CLASSES[:2], seed=1, disjoint=True)


@pytest.mark.parametrize("experiment", [Experiment(10, 0.1), Experiment(3, 0.1)])
def test_a_class_of_one_or_none_cannot_be_learnt_from(experiment):
    with pytest.raises(CohortError, match="at least 2 are needed"):
        draw(cohort(30, 20), [experiment], CLASSES[:2], seed=1)
    with pytest.raises(CohortError, match="'whole': 1 samples of the class 'case'"):
        draw(cohort(30, 1), [Experiment()], CLASSES[:2], seed=1)
