"""Experiments and their training draws: names, counts, and which job has which."""

import pytest

from evenomics.config.experiments import (
    DrawId,
    Experiment,
    experiment_grid,
    experiment_numbers,
    training_draws,
)
from evenomics.config.plan import Plan
from evenomics.config.validation import validated


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


def test_all_controls_and_as_many_cases_as_the_released_scripts_take():
    """floor(0.6 x 87) = 52; what floating point makes a little less of is not rounded down."""
    (experiment,) = experiment_grid({"controls": ["all"], "imbalance": [0.6]})
    assert (experiment.name, experiment.fixed, experiment.cases) == ("all_i0.6", False, None)
    available = {"a": 87, "b": 80, "c": 90}
    assert experiment.counts("abc", available) == {"a": 87, "b": 52, "c": 52}
    assert experiment.counts("abc") == {}
    assert Experiment("all", 0.29).counts("ab", {"a": 100, "b": 9}) == {"a": 100, "b": 29}
    # a number of controls is rounded, as before
    assert Experiment(87, 0.6).counts("ab", available) == {"a": 87, "b": 52}
    assert Experiment(88, 0.6).counts("ab", available) == {"a": 88, "b": 53}


def test_given_draws_stand_beside_the_others_and_have_one_replicate():
    options = {"controls": [4], "imbalance": [1], "given": {"c40_i0.4": "x.tsv", "b": "y.tsv"}}
    grid = experiment_grid(options)
    assert [e.name for e in grid] == ["c4_i1", "c40_i0.4", "b"]
    assert [e.fixed for e in grid] == [False, True, True]
    assert grid[1] != Experiment(40, 0.4)
    assert grid[1].counts(["a", "b"], {"a": 60, "b": 60}) == {}
    draws = [of for _, of in training_draws(grid, 2, splits=False)]
    assert draws == [("c4_i1", 1), ("c4_i1", 2), ("c40_i0.4", 1), ("b", 1)]


def test_experiments_are_numbered_as_in_the_paper():
    """Imbalance 0.4 with 40, 80, 120 controls is 1 to 3; numbers go by value, not as text."""
    grid = experiment_grid({"whole": True, "controls": [40, 80, 120], "imbalance": [0.4, 0.5, 0.6]})
    names = [f"c{n}_i{share}" for share in (0.4, 0.5, 0.6) for n in (40, 80, 120)]
    numbers = {**{name: k for k, name in enumerate(names, 1)}, "whole": 10}
    assert experiment_numbers(e.name for e in grid) == numbers
    names = ["whole", "mine", "all_i0.4", "c9_i0.4", "c40_i0.4", "c40_i0.10", "c2_i1"]
    assert [*experiment_numbers(names)] == [
        "c40_i0.10", "c9_i0.4", "c40_i0.4", "all_i0.4", "c2_i1", "mine", "whole",
    ]  # fmt: skip


def test_fixed_cohorts_have_one_draw_of_the_whole_and_splits_one_for_each_replicate():
    whole, drawn = Experiment(), Experiment(4, 1)
    of_drawn = [(drawn, DrawId("c4_i1", k)) for k in (1, 2, 3)]
    assert training_draws([whole, drawn], 3, splits=False) == [
        (whole, DrawId("whole", 1)), *of_drawn
    ]  # fmt: skip
    assert training_draws([whole, drawn], 3, splits=True) == [
        *((whole, DrawId("whole", k)) for k in (1, 2, 3)), *of_drawn
    ]  # fmt: skip


def plan_of(jobs_per_study: int = 1, **study) -> Plan:
    study = {"classes": ["a", "b"], "cohorts": {"source": "builtin"}, **study}
    return Plan(validated({"studies": {"s": study}, "jobs_per_study": jobs_per_study}))


SPLIT = {
    "classes": ["benign", "malignant"],
    "cohorts": {"source": "sklearn", "dataset": "breast_cancer", "split": {"replicates": 3}},
}
GRID = {"whole": True, "controls": [4], "imbalance": [0.5, 1]}


@pytest.mark.parametrize(
    ("study", "draws"),
    [
        ({}, {"whole": 1, "c4_i0.5": 5, "c4_i1": 5}),
        ({"draws": {"replicates": 2}}, {"whole": 1, "c4_i0.5": 2, "c4_i1": 2}),
        (SPLIT, {"whole": 3, "c4_i0.5": 3, "c4_i1": 3}),
    ],
)
def test_a_plan_has_every_draw_of_a_study(study, draws):
    """Of fixed cohorts, five by default; of a table that is split, as many as there are splits."""
    plan = plan_of(experiments=GRID, **study)
    assert plan.draws("s") == [DrawId(e, k) for e, n in draws.items() for k in range(1, n + 1)]
    assert plan.replicates("s") == max(draws.values())
    assert plan.splits("s") == ("cohorts" in study)


@pytest.mark.parametrize(("asked", "n_jobs"), [(1, 1), (2, 2), (3, 3), (11, 11), (50, 11)])
def test_every_draw_is_in_one_job_and_jobs_have_about_as_many(asked, n_jobs):
    """Of 11 draws: more jobs than draws gain nothing, and a single job has no number."""
    plan = plan_of(asked, experiments=GRID)
    parts = plan.parts("s")
    assert [*parts] == ([""] if n_jobs == 1 else [f".{k + 1}of{n_jobs}" for k in range(n_jobs)])
    assert sorted(draw for part in parts.values() for draw in part) == sorted(plan.draws("s"))
    sizes = {len(part) for part in parts.values()}
    assert max(sizes) - min(sizes) <= 1
