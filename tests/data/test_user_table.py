"""Tables as users have them, real ones among them."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from evenomics.data.user_table import read_user_table
from evenomics.errors import CohortError

TABLE = "id,sex,label,g1,g2\ns1,f,x,1,2\ns2,m,y,3,4\ns3,m,x,5,6\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="table.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_ids_are_made_from_the_rows_of_a_file_that_has_none(write):
    """Padded to the number of rows of the file, also of those that are left out."""
    rows = "".join(f"{label},{i},{-i}\n" for i, label in enumerate("xy" * 5))
    options = {"sample_column": "row_number", "class_column": "label", "name": "real"}
    cohort = read_user_table(write("label,g1,g2\n" + rows), **options, where={"label": "y"})
    assert [*cohort.features.index] == ["real_02", "real_04", "real_06", "real_08", "real_10"]
    assert cohort.features["g1"].tolist() == [1, 3, 5, 7, 9]
    with pytest.raises(CohortError, match=r"column 'g2', sample 'real_2' \(line 3\): 'oops'"):
        read_user_table(write("label,g1,g2\nx,1,2\ny,3,oops\n"), **options)
    # a column of that name has the ids
    named = read_user_table(write("row_number,label,g1\ns1,x,1\ns2,y,2\n"), **options)
    assert [*named.features.index] == ["real_s1", "real_s2"]


def test_an_unnamed_first_column_of_row_numbers_is_left_out(write, caplog):
    text = '"","id","label","g1"\n"1","s1","x",5\n"2","s2","y",6\n'
    by_rows = {"sample_column": "row_number", "ignore_columns": ["id"], "name": "r"}
    with caplog.at_level("INFO"):
        named = read_user_table(write(text), sample_column="id", class_column="label")
        numbered = read_user_table(write(text), **by_rows, class_column="label")
    assert caplog.text.count("the first column has the numbers of the rows, and is left out") == 2
    for cohort, ids in ((named, ["s1", "s2"]), (numbered, ["r_1", "r_2"])):
        assert [*cohort.features.index] == ids
        assert cohort.features.to_dict("list") == {"g1": [5.0, 6.0]}
    # as ids, where nothing else is said
    text = '"","label","g1"\n"1","x",5\n"2","y",6\n'
    assert [*read_user_table(write(text), class_column="label").features.index] == ["1", "2"]


def test_unnamed_columns_with_something_else_are_told_unless_they_are_ignored(write):
    text = ",id,label,,g1\n1,s1,x,a,5\n3,s2,y,b,6\n"
    with pytest.raises(CohortError, match=r'column 1, 4 has none; .*`ignore_columns: \[""\]`'):
        read_user_table(write(text), sample_column="id", class_column="label")
    options = {"sample_column": "id", "class_column": "label", "ignore_columns": [""]}
    assert read_user_table(write(text), **options).features.to_dict("list") == {"g1": [5, 6]}
    # another file of the cohort need not have them
    assert read_user_table(write("id,label,g1\ns1,x,5\n"), **options).n_samples == 1
    with pytest.raises(CohortError, match=r"column names have to be unique.*'label'"):
        read_user_table(write("id,label,label,g1\ns1,x,x,5\n"), **options)


def test_classes_get_the_names_of_the_study(write):
    """As those of R objects do; all or none, and after the filter."""
    path = write("id,label,g1\ns1,2,5\ns2,1,6\ns3,3,7\n")
    options = {"class_column": "label", "class_names": {"2": "control", "1": "case"}}
    cohort = read_user_table(path, **options, where={"label": [1, 2]})
    assert cohort.classes.to_dict() == {"s1": "control", "s2": "case"}
    with pytest.raises(CohortError, match=r"does not say .* called: '3'; it has '2', '1'"):
        read_user_table(path, **options)
    second = write("id,label\ns1,2\ns2,1\ns3,1\n", "labels.csv")
    table = write("id,g1\ns1,5\ns2,6\ns3,7\n")
    cohort = read_user_table(table, classes_path=second, **options)
    assert cohort.classes.tolist() == ["control", "case", "case"]


def test_a_file_has_to_have_its_checksum(write):
    path, second = write(TABLE), write("id,label\ns1,x\n", "labels.csv")
    true = hashlib.sha256(path.read_bytes()).hexdigest()
    options = {"class_column": "label", "ignore_columns": ["sex"]}
    assert read_user_table(path, **options, sha256=true.upper()).n_samples == 3
    with pytest.raises(CohortError) as error:
        read_user_table(
            path, **options, sha256="0" * 64, classes_path=second, classes_sha256="1" * 64
        )
    assert error.value.heading == "tables are not the files that are meant:"
    assert f"{path}: its SHA-256 is {true}, and has to be {'0' * 64}; put the right" in str(
        error.value
    )
    assert "labels.csv: its SHA-256 is" in error.value.problems[1]
    with pytest.raises(CohortError, match="there is no such file"):
        read_user_table(path.with_name("none.csv"), sha256=true)


def test_samples_in_rows_with_columns_that_are_no_features(write):
    cohort = read_user_table(write(TABLE), class_column="label", ignore_columns=["sex"])
    assert cohort.class_counts() == {"x": 2, "y": 1}
    np.testing.assert_array_equal(cohort.features, [[1, 2], [3, 4], [5, 6]])


def test_turning_the_table_changes_nothing_but_the_option(write):
    rows = read_user_table(write(TABLE), class_column="label", ignore_columns=["sex"])
    turned = "\n".join(map(",".join, zip(*(row.split(",") for row in TABLE.split()), strict=True)))
    columns = read_user_table(
        write(turned, "turned.csv"), class_column="label", ignore_columns=["sex"], samples="columns"
    )
    pd.testing.assert_frame_equal(rows.features, columns.features)
    pd.testing.assert_series_equal(rows.classes, columns.classes)


def test_faults_in_a_turned_table_name_sample_and_feature(write):
    path = write("gene,s1,s2\nlabel,x,y\ng1,1,oops\n")
    with pytest.raises(CohortError, match=r"column 'g1', sample 's2' \(line 3\): 'oops'"):
        read_user_table(path, class_column="label", samples="columns")


def test_classes_of_a_second_table_go_by_sample_id_not_by_order(write):
    table = write("id,g1,g2\ns1,1,2\ns2,3,4\n")
    labels = write("person,label,id\np2,y,s2\np9,x,s9\np1,x,s1\n", "labels.csv")
    cohort = read_user_table(
        table, classes_path=labels, sample_column="id", class_column="label", group_column="person"
    )
    assert cohort.classes.to_dict() == {"s1": "x", "s2": "y"}
    assert cohort.groups.to_dict() == {"s1": "p1", "s2": "p2"}


def test_second_table_that_lacks_samples(write):
    table = write("id,g1,g2\ns1,1,2\ns2,3,4\n")
    labels = write("id,label\ns2,y\n", "labels.csv")
    with pytest.raises(CohortError, match=r"1 of 2 samples are not in .*labels\.csv: 's1'"):
        read_user_table(table, classes_path=labels, class_column="label")
    labels.write_text("id,label\nt1,y\n")
    with pytest.raises(CohortError, match=r"none of the samples .* check `sample_column`"):
        read_user_table(table, classes_path=labels, class_column="label")


def test_missing_columns_are_named_together_with_the_nearest(write):
    with pytest.raises(CohortError) as error:
        read_user_table(
            write(TABLE), class_column="lable", group_column="Sex", ignore_columns=["g3"]
        )
    assert [problem.split("; ")[1] for problem in error.value.problems] == [
        "did you mean 'label'?",
        "did you mean 'sex'?",
        "did you mean 'g2'?",
    ]
    with pytest.raises(CohortError, match="no column 'ID' with names; did you mean 'id'"):
        read_user_table(write(TABLE), sample_column="ID")


def test_column_that_is_no_feature_is_explained(write):
    with pytest.raises(
        CohortError,
        match=r"column 'sex', sample 's1' \(line 2\): 'f' is not a number, and so are 2 more .*"
        "ignore_columns",
    ):
        read_user_table(write(TABLE), class_column="label")


def test_class_column_that_was_not_named_is_no_feature(write):
    """Classes written as 0 and 1 would otherwise slip in among the features."""
    with pytest.raises(CohortError, match="a feature cannot be called 'class'"):
        read_user_table(write("id,class,g1\ns1,0,1\ns2,1,3\n"))


def by_line(lines):
    """Return a table of 50 samples, sample i in line i + 1, some lines replaced."""
    rows = [f"s{i},f,{'xy'[i % 2]},{i},{i}" for i in range(1, 51)]
    for line, text in lines.items():
        rows[line - 2] = text
    return "\n".join(["id,sex,label,g1,g2", *rows, ""])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (by_line({5: 's4,f,"x,4,4', 41: 's40,f,"y",40,40'}),
         ['line 5: a quote (") opens a cell that goes on to line 41; close it']),
        (by_line({5: 's4,f,x,4,"4'}), ['line 5: a quote (") opens', "to line 51"]),
        (by_line({5: 's4,f,x,"4,4', 41: 's40,f,y,40",40'}), ["line 5: a quote", "to line 41"]),
        (by_line({5: 's4,"f,x,4,4', 41: 's40,f",y,40'}), ["line 5: a quote", "to line 41"]),
        (by_line({7: 's6,"a "note"",x,6,6'}), ["line 7: ", "begins with a quote has to end with"]),
        (by_line({3: 's2,"f\nm",x,2,2', 9: "s9,f,x,9,oops"}), ["sample 's9' (line 10): 'oops'"]),
        (by_line({5: ",f,x,4,4", 9: "  ,f,x,8,8"}),
         ["every row needs a name in column 'id'", "empty in line 5, 9;"]),
        (by_line({}).replace("g1,g2", "g1, "), ["column 5 has none; name these columns"]),
        (by_line({}).replace("\ns", ",\ns").replace("50,50", "50,50,").replace("g2,", "g2"),
         ["every line but the header ends with a comma", "end the header with a comma, too"]),
        (by_line({6: "s5,f,y,5,1e200"}), ["column 'g2', sample 's5' (line 6): '1e200' is too large",
                                         "another unit"]),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_its_line_with_what_to_do(write, text, said):
    path = write(text)
    with pytest.raises(CohortError) as error:
        read_user_table(path, class_column="label", ignore_columns=["sex"])
    assert len(str(error.value)) < 400, "not the cells that a quote swallows"
    for words in (str(path), *said):
        assert words in str(error.value)


def test_a_sample_in_columns_without_a_name_is_refused(write):
    path = write("gene,s1,,s3, \nlabel,x,y,x,y\ng1,1,2,3,4\ng2,1,2,4,3\n")
    with pytest.raises(CohortError, match="header, but column 3, 5 has none"):
        read_user_table(path, class_column="label", samples="columns")


@pytest.mark.parametrize("end", [",", ",,,", ", ,"])
def test_empty_columns_at_the_end_are_left_out_and_that_is_said(write, end, caplog):
    """As spreadsheets write them: without a name, without a cell."""
    cohort = read_user_table(
        write(TABLE.replace("\n", f"{end}\n")), class_column="label", ignore_columns=["sex"]
    )
    np.testing.assert_array_equal(cohort.features, [[1, 2], [3, 4], [5, 6]])
    assert f"{end.count(',')} columns at the end have neither a name nor a cell" in caplog.text
    with pytest.raises(CohortError, match="column 6 has none"):
        read_user_table(
            write(TABLE.replace("\n", ",\n").replace("3,4,", "3,4,7")),
            class_column="label",
            ignore_columns=["sex"],
        )


def test_a_text_column_may_have_line_breaks_inside_quotes(write):
    cohort = read_user_table(
        write(TABLE.replace("s2,m", 's2,"m\n(said ""he"")"')),
        class_column="label",
        ignore_columns=["sex"],
    )
    np.testing.assert_array_equal(cohort.features, [[1, 2], [3, 4], [5, 6]])


def test_where_reads_only_such_samples_and_no_faults_of_others(write):
    path = write(TABLE.replace("1,2", "oops,2"))
    cohort = read_user_table(path, class_column="label", where={"sex": "m"})
    assert [*cohort.features.index] == ["s2", "s3"]
    cohort = read_user_table(path, class_column="label", where={"sex": ["m", "f"], "label": "y"})
    assert [*cohort.features.index] == ["s2"]


def test_features_with_missing_values_are_left_out_where_that_is_asked_for(write, caplog):
    """Those of the samples read only; other faults stay faults."""
    table = "id\ta\tb\tc\td\ts\n1\t1\t\t2\tNA\tx\n2\t1\t3\t4\t5\tx\n3\t\t1\t1\t1\ty\n"
    path = write(table)
    options = {"where": {"s": "x"}, "ignore_columns": ["s"]}
    with pytest.raises(CohortError, match=r"column 'b'.*is missing.*`missing: drop_features`"):
        read_user_table(path, **options)
    with caplog.at_level("WARNING"):
        cohort = read_user_table(path, **options, missing="drop_features")
    assert cohort.features.columns.tolist() == ["a", "c"]
    assert "2 of 4 features left out" in caplog.text
    with pytest.raises(CohortError, match="'oops' is not a number"):
        read_user_table(write(table.replace("4\t5", "oops\t5")), **options, missing="drop_features")


def test_where_that_leaves_nothing(write):
    with pytest.raises(CohortError, match=r"no sample has sex: 'M'.*did you mean 'm'\?"):
        read_user_table(write(TABLE), class_column="label", where={"sex": "M"})
    with pytest.raises(CohortError, match=r"no sample of .* fulfils all"):
        read_user_table(write(TABLE), class_column="label", where={"sex": "f", "label": "y"})


@pytest.mark.parametrize(
    ("folder", "options", "shape", "counts"),
    [
        ("infant_feeding", {"class_column": "feeding", "group_column": "Subject"}, (277, 120),
         {"formula": 198, "breast": 79}),
        ("dm_golub", {"class_column": "label", "where": {"split": "train"}}, (38, 7129),
         {"ALL": 27, "AML": 11}),
        ("tcga_lihc", {"class_column": "tissue", "group_column": "patient"}, (100, 3686),
         {"tumor": 50, "normal": 50}),
    ],
)  # fmt: skip
def test_real_tables_equal_what_pandas_reads(shared_data, folder, options, shape, counts):
    table, labels = shared_data / folder / "X.csv.gz", shared_data / folder / "labels.csv"
    cohort = read_user_table(table, classes_path=labels, **options)
    assert cohort.features.shape == shape
    assert cohort.class_counts() == counts
    expected = pd.read_csv(table, index_col=0)
    expected = expected.loc[cohort.features.index]
    np.testing.assert_allclose(cohort.features, expected, rtol=1e-15)
    assert [*cohort.features.columns] == [*expected.columns]
    expected_labels = pd.read_csv(labels, index_col=0)[options["class_column"]]
    assert [*cohort.classes] == [*expected_labels.loc[cohort.features.index]]
