"""Text tables: every fault is located, and nothing is half-written."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fake_tables
from evenomics.data.cohort import Cohort
from evenomics.data.delimited import LARGEST, read_matrix, read_text_table
from evenomics.errors import CohortError
from evenomics.evaluation.comparison import compare, summarise
from evenomics.files import read_table, replacing, write_table, write_text
from evenomics.messages import nearest
from evenomics.preparation.scaling import SkewScaler
from evenomics.preparation.selection import stable_features


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("compressed", [False, True])
def test_delimiter_and_compression_are_found_out_from_the_content(tmp_path, delimiter, compressed):
    text = "id,a,b\ns1,1,2.5\ns2,-3,1e-3\n".replace(",", delimiter).encode()
    path = tmp_path / "table.txt"
    path.write_bytes(gzip.compress(text) if compressed else text)
    matrix = read_matrix(path)
    assert matrix.rows == ["s1", "s2"]
    assert matrix.columns == ["a", "b"]
    np.testing.assert_array_equal(matrix.numbers, [[1, 2.5], [-3, 1e-3]])


def test_delimiters_inside_names_do_not_count(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,"1,3-Dihydroxyacetone",b\ns1,1,2\n')
    assert read_matrix(path).columns == ["1,3-Dihydroxyacetone", "b"]
    path.write_text("id\t1,3-Dihydroxyacetone\t2,4,5-x\ns1\t1\t2\n")
    assert read_matrix(path).columns == ["1,3-Dihydroxyacetone", "2,4,5-x"]


def test_header_without_name_for_the_row_names_as_r_writes_it(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\ns1\t1\t2\ns2\t3\t4\n")
    matrix = read_matrix(path)
    assert (matrix.rows, matrix.columns) == (["s1", "s2"], ["a", "b"])


def test_byte_order_mark_blank_lines_and_windows_line_ends(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbfid,a\r\ns1,1\r\n\r\ns2,2\r\n")
    matrix = read_matrix(path, name_column="id")
    assert matrix.rows == ["s1", "s2"]
    assert matrix.lines == {"s1": 2, "s2": 4}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"id,a\n", "no row below"),
        (b"id a b\ns1 1 2\n", "separated by tab, comma, semicolon"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"id,a\ns1,\xff\n", "not UTF-8"),
        (b"\x1f\x8bnonsense", "damaged"),
    ],
)
def test_files_that_cannot_be_cut_into_cells(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(CohortError, match=message) as error:
        read_matrix(path)
    assert str(path) in str(error.value)


def test_missing_file_names_the_one_that_was_meant(tmp_path):
    (tmp_path / "cohort.tsv").write_text("id\ta\ns\t1\n")
    with pytest.raises(CohortError, match=r"no such file; did you mean '.*cohort\.tsv'"):
        read_matrix(tmp_path / "cohrot.tsv")
    with pytest.raises(CohortError, match="no such file"):
        read_matrix(tmp_path / "nowhere" / "cohort.tsv")


def test_rows_of_another_length_are_named_by_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a,b\ns1,1,2\ns2,1,2\ns3,1\ns4,1,2,3\n")
    (problem,) = read_matrix(path).problems
    assert "the header has 3 cells, but line 4 has 2, line 5 has 4" in problem


def test_names_that_stand_twice(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a,a\ns1,1,2\ns1,1,2\n")
    assert [p.split()[0] for p in read_matrix(path).problems] == ["row", "column"]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [("", "missing"), ("NA", "missing"), ("nan", "missing"), ("-inf", "infinite"),
     ("1e999", "infinite"), ("abc", "not a number"), ("1,5", "not a number"),
     ("1_000", "not a number"), ("1e39", "too large")],
)  # fmt: skip
def test_cells_without_a_finite_number_are_kept_with_their_place(tmp_path, cell, fault):
    path = tmp_path / "t.tsv"
    path.write_text(f"id\ta\tb\ns1\t1\t2\ns2\t3\t{cell}\n")
    matrix = read_matrix(path)
    (bad,) = matrix.bad
    assert (bad.row, bad.column, bad.line, bad.text, bad.fault) == ("s2", "b", 3, cell, fault)
    np.testing.assert_array_equal(matrix.numbers, [[1, 2], [3, np.nan]])


def test_text_table_refuses_names_that_stand_twice(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a\ns1,x\ns2,y\n")
    assert read_text_table(path)["a"].to_dict() == {"s1": "x", "s2": "y"}
    path.write_text("id,a\ns1,x\ns1,y\n")
    with pytest.raises(CohortError, match="more than once: 's1'"):
        read_text_table(path)


def test_written_tables_have_the_same_bytes_each_time_and_keep_every_digit(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal(200) * 10.0 ** rng.integers(-300, 36, 200)
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(200)], "x": numbers})
    paths = [tmp_path / "new" / "a.tsv.gz", tmp_path / "b.tsv.gz"]
    for path in paths:
        write_table(frame, path)
    assert gzip.decompress(paths[0].read_bytes()) == gzip.decompress(paths[1].read_bytes())
    assert [path.read_bytes()[4:8] for path in paths] == [bytes(4)] * 2, "no time of writing"
    np.testing.assert_array_equal(read_matrix(paths[0]).numbers[:, 0], numbers)


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """A writer that is stopped half way leaves no file under the real name."""
    path = tmp_path / "new" / "page.html"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()

    def stopped(self, text, **_):
        self.write_bytes(text[:2].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "another")
    assert path.read_bytes() == "é\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_nearest_ignores_case_and_lists_names_when_none_is_like_it():
    assert nearest("CLASS", ["sample", "class"]) == "did you mean 'class'?"
    assert nearest("zzz", ["sample", "class"]) == "there are 'sample', 'class'"


def test_headers_of_microarrays_are_longer_than_a_cell_may_be(tmp_path):
    """20,000 gene names make a line of more characters than Python's csv lets a cell have."""
    names = [f"gene_{i:05d}" for i in range(20_000)]
    path = tmp_path / "wide.tsv"
    cells = "\t".join(map(str, range(20_000)))
    path.write_text("sample_id\t" + "\t".join(names) + f"\ns1\t{cells}\ns2\t{cells}\n")
    matrix = read_matrix(path)
    assert matrix.columns == names
    assert matrix.numbers.shape == (2, 20_000)


def test_importing_the_library_changes_no_limit_of_the_whole_process():
    code = "import csv; a = csv.field_size_limit(); import evenomics.data.delimited, sys; "
    code += "sys.exit(a != csv.field_size_limit())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_r_row_names_with_gaps_in_the_last_column_are_no_commas_at_the_end(tmp_path):
    """A header one cell shorter than the rows; only where all rows end empty it is asked about."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\ns1,1,\ns2,3,4\n")
    matrix = read_matrix(path)
    assert (matrix.rows, matrix.columns) == (["s1", "s2"], ["a", "b"])
    assert [(cell.row, cell.column, cell.line) for cell in matrix.bad] == [("s1", "b", 2)]
    path.write_text("a,b\ns1,1,\ns2,3,\n")
    with pytest.raises(CohortError, match="every line but the header ends with a comma"):
        read_matrix(path)


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_does(tmp_path, break_):
    """Other characters that Python takes for ends of lines are part of a name."""
    path = tmp_path / "t.tsv"
    rows = ["id\ta\x85\u2028a\tb", "s1\t1\t2", "", '"s\u2028""2"\t3\tx', "\t5\t6"]
    path.write_bytes(break_.join(rows).encode())
    matrix = read_matrix(path)
    assert matrix.columns == ["a\x85\u2028a", "b"]
    assert matrix.lines == {"s1": 2, 's\u2028"2': 4}
    assert [cell.line for cell in matrix.bad] == [4]
    assert "empty in line 5;" in matrix.problems[0]


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
def test_the_largest_numbers_of_a_table_can_be_scaled(unskewed):
    """Scaler and scaled samples are finite, in float32 too, for shapes of many kinds."""
    rng = np.random.default_rng(0)
    for n in (3, 20, 2000):
        values = np.column_stack(
            [rng.normal(size=n), rng.lognormal(0, 3, n), -rng.lognormal(0, 1, n), rng.random(n),
             np.arange(n) == 0, np.arange(n) % 2 * 2 - 1]
        )  # fmt: skip
        values *= LARGEST / np.abs(values).max(axis=0)
        scaler = SkewScaler(unskewed=unskewed).fit(values)
        assert not {"NaN", "Infinity"} & {*re.findall(r"[A-Za-z]+", scaler.to_json())}
        scaled = scaler.transform(values)
        assert np.isfinite(scaled.astype(np.float32)).all()
        assert np.isfinite(scaler.inverse_transform(scaled)).all()


def test_a_long_table_comes_back_as_it_was_written(tmp_path):
    """No arm is torn in two by a reader that guesses types piece by piece (65,536 rows and more).

    Beside ``none`` the multiplier ``1`` is text, beside ``0.5`` it is 1.0, by itself it is 1.
    """
    n = 35_000
    blocks = [("none", ["none"]), ("expand_gan", ["1"]), ("expand_gan", ["1", "0.5"])]
    scores = pd.concat(
        [
            pd.DataFrame(
                {
                    "study": "s", "selection": "none", "experiment": "1.0", "arm": arm,
                    "alpha": "a1-0", "multiplier": multiplier, "classifier": "svc",
                    "repeat": np.arange(n), "metric": "auroc", "value": 0.1 + np.arange(n) / 3 / n,
                }
            )
            for arm, multipliers in blocks
            for multiplier in multipliers
        ],
        ignore_index=True,
    )  # fmt: skip
    write_table(scores, tmp_path / "scores.tsv.gz")
    found = read_table(tmp_path / "scores.tsv.gz")
    pd.testing.assert_frame_equal(found, scores, check_exact=True)
    counts = summarise(found).set_index(["arm", "multiplier"])["n"]
    assert counts.to_dict() == {
        ("none", "none"): n, ("expand_gan", "1"): 2 * n, ("expand_gan", "0.5"): n
    }  # fmt: skip


@pytest.mark.parametrize("name", ["None", "null", "NA", "nan", "1.0", "007", "True", "1_000"])
def test_names_that_look_like_gaps_or_numbers_stay_names(tmp_path, name):
    """Classes, too, and a feature may be called as one of our columns is."""
    written = pd.DataFrame(
        {"sample_id": ["1", "2"], "class": [name, "x"], "note": [1.5, 2.0], "alpha": ["a0-1", name]}
    )
    write_table(written, tmp_path / "generated.tsv.gz")
    found = read_table(tmp_path / "generated.tsv.gz", numbers=["note"])
    pd.testing.assert_frame_equal(found, written)


def test_empty_cells_are_missing_and_infinite_ones_infinite(tmp_path):
    path = tmp_path / "rates.tsv"
    path.write_text("note\tn_set\trate\tenergy_distance\tlogFC.x\n\t\t\tinf\t1\na\t7\t1\t2\t3\n")
    found = read_table(path)
    assert found.iloc[0].isna().tolist() == [True, True, True, False, False]
    assert found["energy_distance"].tolist() == [np.inf, 2.0]
    assert dict(found.dtypes.astype(str)) == {
        "note": "str", "n_set": "Int64", "rate": "float64", "energy_distance": "float64",
        "logFC.x": "float64",
    }  # fmt: skip


def test_a_column_of_unknown_type_is_not_guessed(tmp_path):
    write_table(pd.DataFrame({"arm": ["a"], "height": [1]}), tmp_path / "t.tsv")
    with pytest.raises(ValueError, match=r"t\.tsv: of what type are the columns 'height'\?"):
        read_table(tmp_path / "t.tsv")


def library_tables():
    """Tables as a run writes them, by name (those of R and of a whole run are tested there)."""
    summary = fake_tables.summary(metrics=("auroc", "brier"))
    chosen, history, rates = fake_tables.training()
    rng = np.random.default_rng(0)
    index = pd.Index([f"s{i}" for i in range(40)])
    values = pd.DataFrame(rng.standard_normal((40, 8)), index, columns=list("abcdefgh"))
    labels = pd.Series(np.where(values["a"] + values["b"] > 0, "x", "y"), index=index)
    stable = stable_features(Cohort(values, labels), ["x", "y"], repeats=2, folds=2, n_penalties=5)
    return {
        "summary": summary, "comparison": fake_tables.comparison(summary),
        "roc": fake_tables.roc(summary), "chosen": chosen, "history": history, "rates": rates,
        "pretraining": fake_tables.pretraining(), "features": stable.features,
        "repeats": stable.repeats,
        "compared": compare(
            summary.rename(columns={"mean": "value"}).drop(columns=["sd", "n"])
        ),
    }  # fmt: skip


def test_tables_of_the_library_come_back_with_their_types(tmp_path):
    for name, table in library_tables().items():
        write_table(table, tmp_path / f"{name}.tsv.gz")
        found = read_table(tmp_path / f"{name}.tsv.gz")
        expected = table.reset_index(drop=True).replace("", np.nan)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, obj=name)


def test_scripts_leave_the_reading_of_tables_to_the_library():
    """A reader of its own guesses types again; the files that Snakemake writes are not ours."""
    scripts = Path(__file__).parents[1] / "workflow/scripts"
    readers = [path.stem for path in scripts.glob("*.py") if "pd.read_" in path.read_text()]
    assert readers == ["gather_timings"]
