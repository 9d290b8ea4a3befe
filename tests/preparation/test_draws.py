"""Training draws: the counts asked for, each draw with a stream of its own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from evenomics.config.experiments import DrawId, Experiment, experiment_grid, training_draws
from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.preparation.draws import draw, experiment_table

CLASSES = ["control", "case", "rare"]


def cohort(*sizes: int) -> Cohort:
    labels = np.repeat(CLASSES[: len(sizes)], sizes)
    labels = np.random.default_rng(0).permutation(labels)
    index = pd.Index([f"s{i}" for i in range(len(labels))], name="sample_id", dtype=str)
    features = pd.DataFrame({"a": np.arange(len(labels), dtype=float)}, index=index)
    return Cohort(features, pd.Series(labels, index=index, dtype=str), "real", "real.tsv")


def grouped(*sizes: int, of: int = 3, paired: bool = False) -> Cohort:
    """Patients with `of` samples each: of one class, or of all classes if they are paired."""
    real = cohort(*sizes)
    number = real.classes.groupby(real.classes).cumcount() // of
    names = "p" + number.astype(str) if paired else real.classes + number.astype(str)
    return replace(real, groups=names.rename("group"))


def draws_of(real: Cohort, experiments, classes, seed=1, n=1, disjoint=False):
    """Draws of `n` replicates from fixed cohorts."""
    wanted = training_draws(experiments, n, splits=False)
    rows = draw(real, wanted, classes, seed, disjoint)
    return {of: real.take(at, of.name) for of, at in rows.items()}


def drawn_for(real: Cohort, experiment: Experiment, seed=1) -> Cohort:
    (drawn,) = draws_of(real, [experiment], CLASSES[:2], seed).values()
    return drawn


def samples(drawn: Cohort) -> set[str]:
    return set(drawn.features.index)


def test_draws_have_the_counts_asked_for_and_keep_each_sample_with_its_class():
    real = cohort(60, 40, 30)
    grid = experiment_grid({"whole": True, "controls": [40], "imbalance": [0.4, 0.6]})
    draws = draws_of(real, grid, CLASSES)
    assert draws[DrawId("whole")].class_counts() == real.class_counts()
    assert draws[DrawId("c40_i0.4")].class_counts() == {"control": 40, "case": 16, "rare": 16}
    for drawn in draws.values():
        assert len(samples(drawn)) == drawn.n_samples
        pd.testing.assert_frame_equal(drawn.features, real.features.loc[drawn.features.index])
        pd.testing.assert_series_equal(drawn.classes, real.classes.loc[drawn.features.index])


def test_given_draws_have_exactly_their_samples_in_their_order():
    """Beside random ones, which they do not change; their own classes count."""
    real = cohort(30, 20)
    ids = pd.Index(np.random.default_rng(3).permutation(real.features.index)[:25])
    given = {"mine": [*ids], "other": [*ids[::-1][:12]]}
    one = Experiment(10, 0.5)
    wanted = training_draws([one, Experiment(given="mine"), Experiment(given="other")], 3, False)
    assert [of for _, of in wanted][3:] == [DrawId("mine"), DrawId("other")]
    rows = draw(real, wanted, CLASSES[:2], seed=1, given=given)
    for name, samples_ in given.items():
        assert [*real.take(rows[DrawId(name)]).features.index] == samples_
    alone = draws_of(real, [one], CLASSES[:2], n=3)
    for of, drawn in alone.items():
        assert [*real.take(rows[of]).features.index] == [*drawn.features.index]
    taken = {of: real.take(at, of.name) for of, at in rows.items()}
    sizes = experiment_table(taken).set_index(["experiment", "replicate", "class"])["n_samples"]
    assert sizes["mine", 1, "case"] == real.classes[ids].eq("case").sum()


def test_given_draws_that_cannot_be_trained_on_are_named():
    real = cohort(30, 20)
    cases, controls = (real.classes.index[real.classes == label] for label in ("case", "control"))
    wanted = training_draws([Experiment(given="mine")], 1, False)
    with pytest.raises(CohortError, match="'mine': 1 samples of the class 'case'; at least 2"):
        draw(real, wanted, CLASSES[:2], 1, given={"mine": [*controls[:5], cases[0]]})
    real = grouped(30, 20)
    of_one = real.groups.index[real.groups == "case0"]
    with pytest.raises(CohortError, match=r"'mine': 3 .* all 3 found are of one group"):
        draw(
            real,
            wanted,
            CLASSES[:2],
            1,
            given={"mine": [*real.groups.index[:0], *of_one, *controls]},
        )


def test_all_controls_are_drawn_with_their_share_of_cases():
    real = cohort(87, 60)
    draws = draws_of(real, [Experiment("all", 0.6)], CLASSES[:2], n=2)
    one, two = draws.values()
    controls = set(real.classes.index[real.classes == "control"])
    for drawn in (one, two):
        assert drawn.class_counts() == {"control": 87, "case": 52}
        assert controls <= samples(drawn)
    assert samples(one) != samples(two)
    with pytest.raises(CohortError, match="60 samples of the class 'case' asked for, 50 found"):
        draws_of(cohort(100, 50), [Experiment("all", 0.6)], CLASSES[:2])


def test_the_table_of_draws_has_the_numbers_of_the_paper():
    drawn = cohort(3, 3)
    names = ["whole", "c80_i0.4", "c40_i0.5", "c40_i0.4"]
    table = experiment_table({DrawId(name): drawn for name in names})
    assert dict(zip(table["experiment"], table["number"], strict=True)) == {
        "whole": 4, "c80_i0.4": 2, "c40_i0.5": 3, "c40_i0.4": 1
    }  # fmt: skip


def test_a_draw_depends_on_seed_and_name_but_not_on_the_rest_of_the_grid():
    real, one, two = cohort(60, 40), Experiment(20, 0.5), Experiment(30, 0.5)
    alone = drawn_for(real, one)
    beside = draws_of(real, [two, one], CLASSES[:2])
    assert samples(alone) == samples(beside[DrawId(one.name)])
    assert samples(alone) != samples(drawn_for(real, one, seed=2))


def test_experiments_of_equal_size_draw_different_samples():
    grid = experiment_grid({"controls": [20], "imbalance": [0.4, 0.5]})
    draws = draws_of(cohort(60, 40), grid, CLASSES[:2])
    controls = [set(d.classes.index[d.classes == "control"]) for d in draws.values()]
    assert controls[0] != controls[1]


def test_every_sample_is_as_likely_to_be_drawn():
    real, experiment = cohort(10, 10), Experiment(4, 0.5)
    hits = pd.Series(0, index=real.features.index)
    for seed in range(1000):
        hits[[*samples(drawn_for(real, experiment, seed))]] += 1
    expected = real.classes.map({"control": 400, "case": 200})
    sd = np.sqrt(expected * (1 - expected / 1000))
    assert (abs(hits - expected) < 4 * sd).all()


def test_disjoint_experiments_share_no_sample():
    grid = experiment_grid({"controls": [10, 20], "imbalance": [0.4, 0.6]})
    draws = draws_of(cohort(60, 30), grid, CLASSES[:2], disjoint=True)
    assert sum(d.n_samples for d in draws.values()) == 90
    assert len(set.union(*map(samples, draws.values()))) == 90


def test_too_small_a_class_is_named_with_asked_and_found_for_every_experiment():
    grid = experiment_grid({"controls": [20, 50], "imbalance": [0.4, 0.6]})
    with pytest.raises(CohortError) as error:
        draws_of(cohort(45, 25), grid, CLASSES[:2])
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
        draws_of(cohort(70, 40), grid, CLASSES[:2], disjoint=True)


@pytest.mark.parametrize("experiment", [Experiment(10, 0.1), Experiment(3, 0.1)])
def test_a_class_of_one_or_none_cannot_be_learnt_from(experiment):
    with pytest.raises(CohortError, match="at least 2 are needed"):
        drawn_for(cohort(30, 20), experiment)
    with pytest.raises(CohortError, match="'whole': 1 samples of the class 'case'"):
        drawn_for(cohort(30, 1), Experiment())


def test_draws_by_patient_have_the_counts_asked_for_and_whole_patients():
    """Patients of three: 40 controls are of 14, 16 cases of 6, one of each class not whole."""
    real = grouped(60, 45)
    drawn = drawn_for(real, Experiment(40, 0.4))
    assert drawn.class_counts() == {"control": 40, "case": 16}
    pd.testing.assert_series_equal(drawn.groups, real.groups.loc[drawn.features.index])
    sizes = drawn.groups.value_counts()
    assert sizes.value_counts().to_dict() == {3: 13 + 5, 1: 2}
    table = experiment_table({DrawId("c40_i0.4"): drawn}).set_index("class")
    assert table["n_samples"].to_dict() == {"control": 40, "case": 16}
    assert table["n_groups"].to_dict() == {"control": 14, "case": 6}
    assert "n_groups" not in experiment_table({DrawId("whole"): cohort(3, 3)})


def test_patients_are_as_likely_to_be_drawn_and_so_are_their_samples():
    real, experiment = grouped(12, 12), Experiment(4, 0.5)
    hits = pd.Series(0, index=real.features.index)
    for seed in range(1000):
        hits[[*samples(drawn_for(real, experiment, seed))]] += 1
    expected = real.classes.map({"control": 1000 / 3, "case": 1000 / 6})
    sd = np.sqrt(expected * (1 - expected / 1000))
    assert (abs(hits - expected) < 4 * sd).all()


def test_pairs_stay_together_as_far_as_the_imbalance_lets_them():
    """Every case comes with its control; the other controls are of further patients."""
    real = grouped(50, 50, of=1, paired=True)
    drawn = drawn_for(real, Experiment(20, 0.4), seed=2)
    assert drawn.class_counts() == {"control": 20, "case": 8}
    of = {label: set(drawn.groups[drawn.classes == label]) for label in CLASSES[:2]}
    assert len(of["control"]) == 20
    assert of["case"] < of["control"]


def test_disjoint_experiments_share_no_patient():
    grid = experiment_grid({"controls": [10], "imbalance": [0.4, 0.6]})
    for paired in (False, True):
        real = grouped(60, 60, paired=paired)
        one, other = draws_of(real, grid, CLASSES[:2], disjoint=True).values()
        assert not set(one.groups) & set(other.groups)
        assert one.class_counts() == {"control": 10, "case": 4}
    with pytest.raises(CohortError) as error:
        draws_of(grouped(20, 12), grid, CLASSES[:2], disjoint=True)
    assert [*error.value.problems] == [
        "experiment 'c10_i0.6': 10 samples of the class 'control' asked for, 9 left, since "
        "draws share no group; enlarge the cohort or set `disjoint: false`"
    ]


def test_a_class_is_never_drawn_of_one_patient_only():
    """Patients of six, and four cases asked for: the second patient gives one of them."""
    for seed in range(20):
        drawn = drawn_for(grouped(30, 30, of=6), Experiment(8, 0.5), seed)
        assert drawn.class_counts() == {"control": 8, "case": 4}
        assert sorted(drawn.groups[drawn.classes == "case"].value_counts()) == [1, 3]


def test_a_class_of_one_patient_cannot_be_learnt_from():
    for experiment in (Experiment(), Experiment(6, 0.5)):
        with pytest.raises(CohortError) as error:
            drawn_for(grouped(9, 3), experiment)
        assert [*error.value.problems] == [
            f"experiment '{experiment.name}': 3 samples of the class 'case' asked for, and all 3 "
            "found are of one group; at least 2 groups are needed for training"
        ]


@pytest.mark.parametrize("disjoint", [False, True])
def test_where_every_sample_is_of_its_own_patient_the_draws_are_those_without_patients(disjoint):
    real = cohort(120, 80)
    own = replace(real, groups=pd.Series(real.features.index, real.features.index))
    grid = experiment_grid({"controls": [10, 20], "imbalance": [0.4, 0.6]})
    plain, by_group = (draws_of(c, grid, CLASSES[:2], n=2, disjoint=disjoint) for c in (real, own))
    assert {k: samples(d) for k, d in plain.items()} == {k: samples(d) for k, d in by_group.items()}


def test_replicates_are_draws_of_their_own_whatever_else_is_drawn():
    """Replicate 3 of an experiment is the same among 3 replicates or 6, alone or beside others."""
    real, one, two = cohort(60, 40), Experiment(20, 0.5), Experiment(30, 0.5)
    draws = draws_of(real, [one], CLASSES[:2], n=3)
    assert [*draws] == [DrawId("c20_i0.5", k) for k in (1, 2, 3)]
    assert [d.name for d in draws.values()] == ["c20_i0.5.1", "c20_i0.5.2", "c20_i0.5.3"]
    assert len({frozenset(samples(d)) for d in draws.values()}) == 3
    beside = draws_of(real, [two, one], CLASSES[:2], n=6)
    for of, drawn in draws.items():
        assert samples(drawn) == samples(beside[of])
        assert drawn.class_counts() == {"control": 20, "case": 10}


@pytest.mark.parametrize("by_group", [False, True])
def test_disjoint_draws_share_no_sample_and_no_group_over_experiments_and_replicates(by_group):
    grid = experiment_grid({"controls": [6, 12], "imbalance": [0.5]})
    real = grouped(72, 72) if by_group else cohort(54, 27)
    draws = draws_of(real, grid, CLASSES[:2], n=3, disjoint=True)
    assert len(draws) == 6
    everything = [sample for drawn in draws.values() for sample in samples(drawn)]
    assert len(everything) == len(set(everything)) == 3 * (6 + 3 + 12 + 6)
    if by_group:
        groups = [group for drawn in draws.values() for group in set(drawn.groups)]
        assert len(groups) == len(set(groups))


def test_replicates_share_as_many_samples_as_chance_lets_them():
    """Of m samples drawn from N, another draw has m / N: the overlap is hypergeometric.

    Overlaps of different pairs are uncorrelated, so that the standard error of their mean is known.
    """
    n = 40
    draws = draws_of(cohort(50, 30), [Experiment(20, 0.4)], CLASSES[:2], n=n)
    table = experiment_table(draws)
    assert table["replicate"].tolist() == [k for k in range(1, n + 1) for _ in CLASSES[:2]]
    for label, drawn, found in (("control", 20, 50), ("case", 8, 30)):
        of_class = table.loc[table["class"] == label, "shared"]
        sd = hypergeom(found, drawn, drawn).std() / drawn / np.sqrt(n * (n - 1) / 2)
        assert (abs(of_class - drawn / found) < 4 * sd).all()


def test_the_share_is_counted_by_experiment_and_class_over_all_pairs():
    """By hand: controls of 1 and 2 share s0; those of 3, as many, none. Cases are all shared."""
    real = cohort(7, 2)
    control, case = (np.flatnonzero(real.classes == label) for label in CLASSES[:2])
    rows = {
        DrawId("e", 1): [*control[[0, 1]], *case],
        DrawId("e", 2): [*control[[0, 2]], *case],
        DrawId("e", 3): [*control[[3, 4]], *case],
        DrawId("other", 1): [*control[[0, 1]], *case],
    }
    table = experiment_table({of: real.take(at) for of, at in rows.items()})
    shared = table.set_index(["experiment", "replicate", "class"])["shared"]
    for replicate in (1, 2, 3):
        assert shared["e", replicate, "control"] == pytest.approx(2 * (1 / 2) / 6)
        assert shared["e", replicate, "case"] == 1
    assert shared["other"].isna().all()


def test_disjoint_replicates_have_a_share_of_zero_and_a_single_one_has_none():
    real, experiment = cohort(60, 40), Experiment(20, 0.5)
    disjoint = draws_of(real, [experiment], CLASSES[:2], n=3, disjoint=True)
    assert (experiment_table(disjoint)["shared"] == 0).all()
    assert experiment_table(draws_of(real, [experiment], CLASSES[:2]))["shared"].isna().all()


def test_what_is_too_small_for_all_replicates_is_named_once():
    with pytest.raises(CohortError) as error:
        draws_of(cohort(70, 60), [Experiment(40, 0.5)], CLASSES[:2], n=3, disjoint=True)
    assert [*error.value.problems] == [
        "all draws together ask for 120 samples of the class 'control', 70 found; enlarge the "
        "cohort or set `disjoint: false`"
    ]
    with pytest.raises(CohortError) as error:
        draws_of(cohort(70, 15), [Experiment(40, 0.5)], CLASSES[:2], n=3)
    assert [*error.value.problems] == [
        "experiment 'c40_i0.5': 20 samples of the class 'case' asked for, 15 found; lower "
        "`controls` or `imbalance`"
    ]
    # five groups of controls, of which each draw begins two: two of four draws lack some
    with pytest.raises(CohortError) as error:
        draws_of(grouped(40, 80, of=9), [Experiment(10, 0.4)], CLASSES[:2], n=4, disjoint=True)
    (problem,) = error.value.problems
    assert "'c10_i0.4': 10 samples of the class 'control' asked for, 9 left, since draws" in problem
