"""Text tables: every fault is located, and nothing is half-written."""

import gzip
import subprocess
import sys

import numpy as np
import pytest

from evenomics.data.delimited import read_matrix, read_text_table
from evenomics.errors import CohortError


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
