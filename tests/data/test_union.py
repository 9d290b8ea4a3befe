"""Samples of several tables put together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenomics.data.cohort import Cohort
from evenomics.data.union import united
from evenomics.errors import CohortError


def table(values: dict[str, list[float]], labels: str, name: str = "one", **features) -> Cohort:
    index = pd.Index(values, name="sample_id", dtype=str)
    columns = features.get("columns", ["g1", "g2"])
    frame = pd.DataFrame([*values.values()], index=index, columns=columns, dtype=float)
    return Cohort(frame, pd.Series([*labels], index=index, dtype=str), name, f"{name}.csv")


ONE = table({"s1": [1, 2], "s2": [3, 4], "s3": [5, 6]}, "xxy")


def test_a_sample_in_several_tables_is_one():
    two = table({"s9": [7, 8], "s2": [3, 4]}, "yx", "two")
    cohort, members = united({"one": ONE, "two": two}, "real")
    assert cohort.features.to_numpy().tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert cohort.classes.to_dict() == {"s1": "x", "s2": "x", "s3": "y", "s9": "y"}
    assert (cohort.features.index.name, cohort.name) == ("sample_id", "real")
    assert cohort.origin == "one.csv, two.csv"
    assert members == {"one": ["s1", "s2", "s3"], "two": ["s9", "s2"]}


def test_features_may_stand_in_another_order():
    two = table({"s2": [4, 3], "s9": [8, 7]}, "xy", columns=["g2", "g1"])
    cohort, _ = united({"one": ONE, "two": two}, "real")
    assert cohort.features.loc["s9"].to_dict() == {"g1": 7, "g2": 8}


def test_one_table_is_what_it_was():
    cohort, members = united({"one": ONE}, "real", by_values=True)
    pd.testing.assert_frame_equal(cohort.features, ONE.features)
    assert members == {"one": ["s1", "s2", "s3"]}


def test_by_values_the_first_table_gives_the_id_and_zero_has_no_sign():
    one = table({"a_1": [0.0, 2], "a_2": [3, 4]}, "xy")
    two = table({"b_1": [9, 9], "b_2": [-0.0, 2]}, "xx")
    cohort, members = united({"a": one, "b": two}, "real", by_values=True)
    assert [*cohort.features.index] == ["a_1", "a_2", "b_1"]
    assert members == {"a": ["a_1", "a_2"], "b": ["b_1", "a_1"]}


def test_equal_rows_of_one_table_are_as_many_samples():
    """Three of them and two of them are three; without ids nothing tells which."""
    one = table({f"a_{i}": [1, 2] for i in range(2)}, "xx")
    two = table({f"b_{i}": [1, 2] for i in range(3)}, "xxx")
    cohort, members = united({"a": one, "b": two}, "real", by_values=True)
    assert [*cohort.features.index] == ["a_0", "a_1", "b_2"]
    assert members["b"] == ["a_0", "a_1", "b_2"]


def test_the_union_of_random_draws_is_what_pandas_makes_of_their_rows():
    rng = np.random.default_rng(0)
    whole = pd.DataFrame(rng.normal(size=(60, 5)).round(3)).drop_duplicates()
    tables = {}
    for name in "abcd":
        rows = whole.sample(25, random_state=ord(name))
        rows.index = pd.Index([f"{name}_{i}" for i in range(25)])
        tables[name] = Cohort(rows, pd.Series("x", index=rows.index))
    cohort, members = united(tables, "real", by_values=True)
    expected = pd.concat([t.features for t in tables.values()]).drop_duplicates()
    pd.testing.assert_frame_equal(cohort.features, expected)
    for name, samples in members.items():
        np.testing.assert_array_equal(cohort.features.loc[samples], tables[name].features)


def test_all_that_does_not_fit_is_told_together():
    two = table({"s1": [1, 9], "s2": [3, 4], "s3": [5, 6]}, "xyy", "two")
    three = table({"s1": [1, 2], "s3": [5, 5]}, "xy", "three")
    with pytest.raises(CohortError) as error:
        united({"one": ONE, "two": two, "three": three}, "real")
    assert error.value.heading == "the tables of cohort 'real' do not fit together:"
    advice = "; mend them, or rename them if they are different"
    assert [*error.value.problems] == [
        "1 samples have other values in 'two' than in 'one': 's1'" + advice,
        "1 samples have another class in 'two' than in 'one': 's2'" + advice,
        "1 samples have other values in 'three' than in 'one': 's3'" + advice,
    ]
    grouped = replace(ONE, groups=pd.Series("p1", index=ONE.features.index))
    other = replace(grouped, groups=pd.Series("p2", index=ONE.features.index))
    with pytest.raises(CohortError, match="3 samples have another group in 'two' than in 'one'"):
        united({"one": grouped, "two": other}, "real")


def test_equal_values_of_another_class_are_told_where_values_tell_samples():
    two = table({"b_1": [3, 4]}, "y")
    with pytest.raises(
        CohortError, match=r"another class in 'b' than in 'a': 's2'; .*sample_column"
    ):
        united({"a": ONE, "b": two}, "real", by_values=True)


def test_differing_features_are_told_of_every_table():
    two = table({"s4": [1, 2]}, "x", columns=["g1", "g3"])
    three = table({"s5": [1]}, "x", columns=["g1"])
    with pytest.raises(CohortError) as error:
        united({"one": ONE, "two": two, "three": three}, "real")
    assert [*error.value.problems] == [
        "'two' lacks 1 features of 'one' ('g2') and has 1 that 'one' lacks ('g3'); all tables need "
        "the same features",
        "'three' lacks 1 features of 'one' ('g2'); all tables need the same features",
    ]
