"""Cohorts: written and read without loss, checked, brought to the same features."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenomics.data.checks import align, check_classes, check_together, same_samples
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.errors import CohortError


def cohort(name="real", n=4, features=("a", "b", "c"), classes=True, start=0) -> Cohort:
    rng = np.random.default_rng(len(name))
    index = pd.Index([f"{name}{i}" for i in range(start, start + n)], name="sample_id", dtype=str)
    frame = pd.DataFrame(rng.standard_normal((n, len(features))), index, columns=list(features))
    labels = pd.Series((["x", "y"] * n)[:n], index=index, name="class", dtype=str)
    return Cohort(frame, labels if classes else None, name, f"{name}.tsv")


@pytest.mark.parametrize("labelled", [True, False])
def test_cohort_comes_back_from_disk_unchanged(tmp_path, labelled):
    written = cohort(n=50, classes=labelled)
    written.features.iloc[0] = [1e-310, 0.1 + 0.2, -9.999999999999999e37]
    write_cohort(written, tmp_path / "real.tsv.gz")
    read = read_cohort(tmp_path / "real.tsv.gz")
    assert read.name == "real"
    pd.testing.assert_frame_equal(read.features, written.features, check_exact=True)
    if labelled:
        pd.testing.assert_series_equal(read.classes, written.classes)
    else:
        assert read.classes is None


def test_groups_are_written_where_there_are_any(tmp_path):
    """Without groups, the table has no column for them."""
    written = cohort(n=3)
    write_cohort(written, tmp_path / "c.tsv")
    assert (tmp_path / "c.tsv").read_text().startswith("sample_id\tclass\ta\t")
    groups = pd.Series(["p", "p", "q"], index=written.features.index, name="group", dtype=str)
    write_cohort(replace(written, groups=groups), tmp_path / "c.tsv")
    pd.testing.assert_series_equal(read_cohort(tmp_path / "c.tsv").groups, groups)


@pytest.mark.parametrize(
    "name", ["sample_id", "class", "group", "alpha", "multiplier", "bandwidth"]
)
def test_a_feature_named_like_a_column_of_ours_is_refused(tmp_path, name):
    """It would be lost as a feature: read as text about samples, or overwritten by a setting."""
    with pytest.raises(CohortError, match=f"a feature cannot be called '{name}'; rename it"):
        write_cohort(cohort(features=("a", name)), tmp_path / "c.tsv")
    assert not (tmp_path / "c.tsv").exists()


def test_class_column_may_be_absent(tmp_path):
    (tmp_path / "c.tsv").write_text("sample_id\ta\ns1\t1\n")
    assert read_cohort(tmp_path / "c.tsv").classes is None


def test_ids_and_classes_that_look_like_numbers_stay_text(tmp_path):
    (tmp_path / "c.tsv").write_text("sample_id\tclass\ta\n001\t1\t5\n002\t0\t6\n")
    read = read_cohort(tmp_path / "c.tsv")
    assert [*read.features.index] == ["001", "002"]
    assert [*read.classes] == ["1", "0"]


def test_all_problems_of_a_table_come_in_one_error(tmp_path):
    path = tmp_path / "c.tsv"
    path.write_text(
        "sample_id\tclass\ta\tb\tb\n"
        "s1\tx\t1\toops\t3\n"
        "s1\ty\tinf\t2\t3\n"
        "s2\t\t\t2\t3\n"
        "s3\ty\t1\t2\n"
    )
    with pytest.raises(CohortError) as error:
        read_cohort(path)
    text = str(error.value)
    assert str(path) in text
    for part in (
        "line 5 has 4",
        "row names have to be unique, but these stand more than once: 's1'",
        "column names have to be unique, but these stand more than once: 'b'",
        "column 'b', sample 's1' (line 2): 'oops' is not a number",
        "column 'a', sample 's1' (line 3): 'inf' is infinite",
        "column 'a', sample 's2' (line 4): '' is missing",
        "is blank for 1 samples: 's2'",
    ):
        assert part in text


def test_long_lists_of_problems_are_cut_with_a_count(tmp_path):
    columns = [f"f{i}" for i in range(40)]
    lines = ["\t".join(["sample_id", *columns]), *("\t".join([f"s{i}", *["?"] * 40]) for i in "ab")]
    (tmp_path / "c.tsv").write_text("\n".join(lines))
    with pytest.raises(CohortError) as error:
        read_cohort(tmp_path / "c.tsv")
    assert len(error.value.problems) == 6
    assert "and so are 1 more cells of the feature" in error.value.problems[0]
    assert error.value.problems[-1] == "35 more columns with cells that are not a number"


def test_decimal_commas_are_recognised(tmp_path):
    (tmp_path / "c.tsv").write_text("sample_id\ta\ns1\t1,5\n")
    with pytest.raises(CohortError, match="write decimal points, not commas"):
        read_cohort(tmp_path / "c.tsv")


@pytest.mark.parametrize("cell", ["1e200", "-1.7976931348623157e308", "3.4028235e38"])
def test_numbers_too_large_to_compute_with_are_refused_with_their_place(tmp_path, cell):
    """The scaler of such a feature would be NaN, and training would stop without its name."""
    (tmp_path / "c.tsv").write_text(f"sample_id\ta\tb\ns1\t1\t2\ns2\t1\t{cell}\n")
    with pytest.raises(CohortError) as error:
        read_cohort(tmp_path / "c.tsv")
    (problem,) = error.value.problems
    assert problem.startswith(
        f"column 'b', sample 's2' (line 3): '{cell}' is too large; beyond 1e+"
    )


def test_table_without_features(tmp_path):
    (tmp_path / "c.tsv").write_text("sample_id\tclass\ns1\tx\n")
    with pytest.raises(CohortError, match="no column is left that could be a feature"):
        read_cohort(tmp_path / "c.tsv")


def test_take_select_and_unlabelled():
    whole = cohort(n=5)
    part = whole.take([3, 0], "part").select(["c", "a"])
    assert [*part.features.index] == ["real3", "real0"]
    assert [*part.features.columns] == ["c", "a"]
    assert [*part.classes] == ["y", "x"]
    assert part.class_counts() == {"y": 1, "x": 1}
    assert whole.take([]).n_samples == 0
    assert part.unlabelled().class_counts() == {}


@pytest.mark.parametrize(
    ("classes", "messages"),
    [
        (["x", "z"], ["2 samples have the class 'y'", "no sample has the class 'z'"]),
        (["X", "y"], ["did you mean 'X'?", "did you mean 'x'?"]),
        (["x"], ["2 samples have the class 'y'"]),
    ],
)
def test_classes_that_do_not_fit_the_study(classes, messages):
    with pytest.raises(CohortError) as error:
        check_classes(cohort(), classes)
    assert all(message in str(error.value) for message in messages)


def test_fewer_than_two_classes():
    with pytest.raises(CohortError, match=r"at least two classes are needed, found 'x' \(1\)"):
        check_classes(cohort().take([0]), ["x", "y"])
    with pytest.raises(CohortError, match="has no classes; name its `class_column`"):
        check_classes(cohort(classes=False), ["x", "y"])


def test_align_keeps_shared_features_in_the_order_of_the_real_cohort():
    cohorts = {
        "external": cohort("external", features=["d", "b", "a"]),
        "real": cohort(features=["c", "a", "x", "b"]),
        "validation": cohort("validation", features=["b", "a", "c"]),
    }
    aligned = align(cohorts)
    assert [*aligned] == ["external", "real", "validation"]
    for name, result in aligned.items():
        assert [*result.features.columns] == ["a", "b"]
        pd.testing.assert_frame_equal(result.features, cohorts[name].features[["a", "b"]])


def test_features_constant_in_the_real_cohort_are_left_out_and_logged(caplog):
    cohorts = {"real": cohort(), "validation": cohort("validation")}
    cohorts["real"].features["b"] = 3.0
    cohorts["validation"].features["c"] = 3.0  # says nothing about the real one
    assert [*align(cohorts)["validation"].features.columns] == ["a", "c"]
    assert "1 constant features left out: 'b'" in caplog.text
    cohorts["real"].features[:] = 1.0
    with pytest.raises(CohortError, match="all 3 features are constant"):
        align(cohorts)


@pytest.mark.parametrize(("names", "count"), [("pqr", "no"), ("aqr", "1")])
def test_cohorts_that_share_no_or_few_features(names, count):
    with pytest.raises(CohortError, match=re.escape(f"- {count} features are shared by all")):
        align({"real": cohort(), "validation": cohort("validation", features=names)})


def test_minimum_of_shared_features_is_a_share_of_the_smaller_cohort():
    names = [f"f{i}" for i in range(100)]
    real = cohort(features=names)
    for shared, fits in ((9, False), (10, True)):
        other = [*names[:shared], *(f"g{i}" for i in range(100 - shared))]
        cohorts = {"real": real, "validation": cohort("validation", features=other)}
        if fits:
            check_together(cohorts)
        else:
            with pytest.raises(CohortError, match="9 features are shared"):
                check_together(cohorts)


def test_samples_in_two_cohorts():
    real = cohort(n=6)
    with pytest.raises(CohortError, match=r"2 samples are in cohort 'real'.*: 'real4', 'real5'"):
        check_together({"real": real, "validation": cohort("real", start=4)})


def test_the_whole_real_cohort_may_serve_as_external_but_not_a_part_of_it():
    real = cohort(n=6)
    external = Cohort(real.features, None, "external")
    check_together({"real": real, "external": external})
    with pytest.raises(CohortError, match="3 samples are in"):
        check_together({"real": real, "external": external.take([0, 1, 2])})


def renamed(of: Cohort, name: str, rows, prefix="copy") -> Cohort:
    """Return some samples of a cohort as another cohort, under ids of their own."""
    part = of.take(rows, name)
    index = pd.Index([f"{prefix}{i}" for i in rows], name="sample_id", dtype=str)
    labels = pd.Series(part.classes.to_numpy(), index=index, name="class", dtype=str)
    return Cohort(part.features.set_axis(index), labels, name, f"{name}.tsv")


@pytest.mark.parametrize("pair", [("real", "validation"), ("validation", "external")])
def test_samples_in_two_cohorts_under_other_ids(pair):
    """Equal values give them away, also of a few samples only, and the error names both ids."""
    cohorts = {name: cohort(name, n=8, features="abcd") for name in (*pair, "real")}
    check_together(cohorts)
    one = cohorts[pair[0]]
    copies, own = renamed(one, pair[1], [1, 6]), cohorts[pair[1]]
    mixed = Cohort(pd.concat([own.features, copies.features]), None, pair[1], "other.tsv")
    with pytest.raises(CohortError) as error:
        check_together({**cohorts, pair[1]: mixed})
    assert [*error.value.problems] == [
        f"2 samples of cohort '{pair[0]}' ({pair[0]}.tsv) are in cohort '{pair[1]}' (other.tsv) "
        "under other ids, with the same values in all 4 shared features: "
        f"('{pair[0]}1', 'copy1'), ('{pair[0]}6', 'copy6'); leave them out of one of the two"
    ]


def test_the_real_cohort_serves_as_external_under_its_own_ids_only():
    real = cohort(n=6)
    with pytest.raises(CohortError, match="6 samples of cohort 'real'"):
        check_together({"real": real, "external": renamed(real, "external", range(6))})


def test_equal_values_are_the_same_sample_in_the_shared_features_only():
    """Columns that one cohort has for itself hide no copy, and zeros have no sign."""
    real = cohort(n=6, features="abcd")
    real.features.iloc[2, 0] = 0.0
    copies = renamed(real, "validation", range(6))
    copies.features.iloc[2, 0] = -0.0
    copies.features["own"] = 7.0
    with pytest.raises(CohortError, match=r"6 samples of .* in all 4 shared features"):
        check_together({"real": real, "validation": copies})
    copies.features["a"] += 1e-12 * copies.features["a"].abs()
    copies.features.iloc[2, 0] = 1e-300
    check_together({"real": real, "validation": copies})


def test_equal_rows_of_common_values_are_no_evidence():
    """Two features, few levels, or rows of zeros can agree by chance; three rare values cannot."""

    def integers(name, values):
        index = pd.Index([f"{name}{i}" for i in range(len(values))], name="sample_id", dtype=str)
        values = np.asarray(values, dtype=float)
        return Cohort(pd.DataFrame(values, index, [f"f{j}" for j in range(values.shape[1])]))

    numbers = np.arange(12)
    pairs = np.column_stack([numbers, numbers**2])
    assert same_samples(integers("r", pairs), integers("v", pairs)) == []
    rng = np.random.default_rng(0)
    levels = [rng.integers(0, 2, (200, 4)) for _ in range(2)]
    assert len(set(map(tuple, levels[0])) & set(map(tuple, levels[1]))) == 16
    assert same_samples(integers("r", levels[0]), integers("v", levels[1])) == []
    mutations = [(rng.random((30, 500)) < 0.002).astype(float) for _ in range(2)]
    assert all((~table.any(axis=1)).sum() > 3 for table in mutations)
    assert same_samples(integers("r", mutations[0]), integers("v", mutations[1])) == []
    for table in mutations:
        table[5, [11, 12, 13]] = 9.0
        table[5, 14:] = 0.0
        table[5, :11] = 0.0
    assert same_samples(*map(integers, "rv", mutations)) == [("r5", "v5")]


def test_a_copy_is_found_beside_further_copies_of_itself():
    """Replicates within a cohort do not make its values common."""
    real = cohort(n=6)
    twice = Cohort(
        pd.concat([real.features, real.features.iloc[[3]].set_axis(["again"])]), None, "real"
    )
    found = same_samples(twice, renamed(real, "validation", [3]))
    assert found == [("real3", "copy3")]


def test_groups_in_two_cohorts():
    def grouped(name, groups):
        plain = cohort(name, n=2)
        series = pd.Series(groups, index=plain.features.index, dtype=str)
        return Cohort(plain.features, plain.classes, name, groups=series)

    cohorts = {"real": grouped("real", ["p1", "p2"]), "validation": grouped("validation", "q")}
    check_together(cohorts)
    cohorts["validation"] = grouped("validation", ["p2", "p3"])
    with pytest.raises(CohortError, match=r"1 groups have samples in .*'p2'"):
        check_together(cohorts)
