"""Delimited text tables: read with every fault located, written whole or not at all."""

import csv
import gzip
import io
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import islice, takewhile
from pathlib import Path

import numpy as np
import pandas as pd

from evenomics.config.cohorts import ROW_NUMBER
from evenomics.errors import CohortError
from evenomics.messages import nearest, repeats, some

logger = logging.getLogger(__name__)


#: Largest number that a table of measurements may hold. The networks compute in float32, which ends
#: at 3.4e38; and in float64, the sums of squares and of their squares that scaling, selection and
#: harmonisation take stay far from the end (1.8e308). What is larger is mostly a mark for a gap.
LARGEST = 1e38

_DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon"}

_MISSING = {"", "na", "nan", "n/a", "#n/a", "null", "none", ".", "-"}


@dataclass(frozen=True)
class BadCell:
    """A cell that holds no number of a size to be reckoned with."""

    row: str
    column: str
    line: int
    text: str

    @property
    def fault(self) -> str:
        """Say what is wrong with the cell."""
        if self.text.strip().casefold() in _MISSING:
            return "missing"
        number = _number_or_nan(self.text)
        if np.isnan(number):
            return "not a number"
        return "infinite" if np.isinf(number) else "too large"


@dataclass
class Matrix:
    """What a table holds: numbers, and beside them the text of a few named rows or columns.

    Attributes
    ----------
    rows, columns : list of str
        Names along the two sides of `numbers`.
    numbers : numpy.ndarray of float, shape (len(rows), len(columns))
        NaN where a cell is in `bad`.
    text : dict of str to list of str
        Rows or columns that were asked for as text, in the table's order.
    lines : dict of str to int
        Line of the file on which a row stands (the first, should its name stand twice).
    bad : list of BadCell
        Cells without a finite number, and those beyond `LARGEST`.
    problems : list of str
        Rows of the wrong length, quotes that are not closed, names that are missing or stand twice.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "table.csv")
    ...     with path.open("w") as file:
    ...         for line in ("id,g1,g2", "s1,1,2", "s2,3,NA"):
    ...             print(line, file=file)
    ...     matrix = read_matrix(path)
    ...
    >>> matrix.rows, matrix.columns, matrix.numbers.tolist()
    (['s1', 's2'], ['g1', 'g2'], [[1.0, 2.0], [3.0, nan]])
    >>> matrix.bad[0].row, matrix.bad[0].column, matrix.bad[0].line, matrix.bad[0].fault
    ('s2', 'g2', 3, 'missing')
    """

    rows: list[str]
    columns: list[str]
    numbers: np.ndarray
    text: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    bad: list[BadCell] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _read_text(path: Path) -> str:
    if not path.is_file():
        siblings = (p.name for p in path.parent.iterdir()) if path.parent.is_dir() else ()
        close = get_close_matches(path.name, siblings, n=1)
        hint = f"; did you mean {str(path.parent / close[0])!r}?" if close else ""
        raise CohortError(f"{path}: there is no such file{hint}")
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError) as error:
            raise CohortError(f"{path}: the compressed file is damaged ({error})") from error
    if data[:2] == b"PK":
        raise CohortError(f"{path}: this is a spreadsheet or a zip file; save it as TSV or CSV")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CohortError(
            f"{path}: byte {error.start + 1} is not UTF-8 text; save the table as UTF-8"
        ) from error
    if not text.strip():
        raise CohortError(f"{path}: the file is empty")
    return text


def _lines(text: str) -> io.StringIO:
    """Return the lines as csv counts them; `str.splitlines` cuts at other characters, too."""
    return io.StringIO(text, newline="")


def _delimiter(text: str, path: Path) -> str:
    """Return the delimiter that cuts the first lines into most cells, equally many in each."""
    head = "".join(islice(filter(str.strip, _lines(text)), 5))

    def quality(delimiter: str) -> tuple[bool, int]:
        # By counting: cut by another delimiter, the header of a microarray is a single cell of more
        # characters than csv lets a cell have.
        quoted = rf'(?:^|(?<={delimiter}))"(?:[^"]|"")*"'
        lines = _lines(re.sub(quoted, "", head, flags=re.MULTILINE))
        widths = [line.count(delimiter) + 1 for line in lines]
        return len(set(widths[1:])) <= 1 and widths[-1] - widths[0] in (0, 1), widths[0]

    best = max(_DELIMITERS, key=lambda delimiter: (quality(delimiter)[1] > 1, *quality(delimiter)))
    if quality(best)[1] == 1:
        raise CohortError(
            f"{path}: the first line is a single cell, {head.splitlines()[0][:60]!r}; "
            f"cells have to be separated by {', '.join(_DELIMITERS.values())}"
        )
    return best


@dataclass(frozen=True)
class _Record:
    """A row of a file: the lines on which it begins and ends, and its cells."""

    first: int
    last: int
    cells: list[str]

    def swallowed(self, text_at: Collection[int]) -> str | None:
        """Say what is wrong if a cell goes over several lines, other than these of text."""
        line = self.first
        for i, cell in enumerate(self.cells):
            breaks = len(re.findall(r"\r\n|\r|\n", cell))
            if breaks and i not in text_at:
                return _open_quote(line, line + breaks)
            line += breaks
        return None


def _open_quote(first: int, last: int) -> str:
    return (
        f'line {first}: a quote (") opens a cell that goes on to line {last}; close it or take it '
        "away (to have a quote inside a cell, put the cell in quotes and double it)"
    )


def _cut(text: str, delimiter: str, path: Path) -> Iterator[_Record]:
    """Cut a text into rows of cells; blank rows are left out."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            problem = f"line {first}: {error}; a cell that begins with a quote has to end with one"
            if reader.line_num > first:
                problem = _open_quote(first, reader.line_num)
            raise CohortError(f"{path} cannot be cut into cells:", [problem]) from error
        if cells is None:
            return
        if any(map(str.strip, cells)):
            yield _Record(first, reader.line_num, cells)


def _n_blank_at_end(cells: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda cell: not cell.strip(), reversed(cells)))


def _records(path: Path) -> tuple[list[str], Iterator[_Record], str]:
    """Return the header, the rows below it, and the delimiter.

    Columns at the end with neither a name nor a cell are left out: spreadsheets write them.
    """
    text = _read_text(path)
    delimiter = _delimiter(text, path)
    top = [record.cells for record in islice(_cut(text, delimiter, path), 2)]
    if len(top) < 2:
        raise CohortError(f"{path}: there is a header, but no row below it")

    def body() -> Iterator[_Record]:
        return islice(_cut(text, delimiter, path), 1, None)

    header = [cell.strip() for cell in top[0]]
    width, mark = len(header), _DELIMITERS[delimiter]
    if len(top[1]) == width + 1:  # R's write.table gives the row names no header
        if all(not record.cells[-1].strip() for record in body()):
            raise CohortError(
                f"{path}: every line but the header ends with a {mark}, and has one cell more than "
                f"the header for it; end them without, or end the header with a {mark}, too"
            )
        return ["", *header], body(), delimiter
    n_blank = _n_blank_at_end(header)
    if n_blank:
        whole = (record.cells for record in body() if len(record.cells) == width)
        n_blank = min([n_blank, *map(_n_blank_at_end, whole)])
    if not n_blank:
        return header, body(), delimiter
    logger.warning(
        "%s: %d columns at the end have neither a name nor a cell, and are left out; lines seem to "
        "end with a %s",
        path,
        n_blank,
        mark,
    )
    kept = width - n_blank
    cut = (
        replace(record, cells=record.cells[:kept]) if len(record.cells) == width else record
        for record in body()
    )
    return header[:kept], cut, delimiter


def _number(cell: str) -> float:
    if "_" in cell:  # Python reads 1_000 as a number, nobody else does
        raise ValueError
    return float(cell)


def _number_or_nan(cell: str) -> float:
    try:
        return _number(cell)
    except ValueError:
        return np.nan


def _numbers(cells: list[str]) -> np.ndarray:
    try:
        return np.fromiter(map(_number, cells), dtype=float, count=len(cells))
    except ValueError:
        return np.fromiter(map(_number_or_nan, cells), dtype=float, count=len(cells))


def beyond(numbers: np.ndarray) -> np.ndarray:
    """Return where numbers are missing, infinite or beyond `LARGEST`."""
    return ~(np.abs(numbers) <= LARGEST)


def read_matrix(
    path: str | os.PathLike[str],
    *,
    name_column: str | None = None,
    text_columns: Iterable[str] = (),
    text_rows: Iterable[str] = (),
) -> Matrix:
    """Read a table of numbers with named rows and columns.

    Parameters
    ----------
    path : path-like
        TSV, CSV or semicolon-separated text in UTF-8, plain or gzip-compressed.
    name_column : str, optional
        The column with the names of the rows; the first one by default. With ``row_number``, where
        there is no such column, the number of a row is its name. Where names are not in the first
        column, and that one has no name and the numbers of the rows, it is left out.
    text_columns, text_rows : iterable of str
        Columns and rows to keep as text, where they exist.

    Returns
    -------
    Matrix

    Raises
    ------
    CohortError
        If the file cannot be cut into cells. Faults of single cells are in the result.
    """
    path = Path(path)
    header, records, delimiter = _records(path)
    numbered = name_column == ROW_NUMBER and ROW_NUMBER not in header
    if name_column is not None and name_column not in header and not numbered:
        raise CohortError(
            f"{path}: no column {name_column!r} with names; {nearest(name_column, header)}"
        )
    names_at = -1 if numbered else 0 if name_column is None else header.index(name_column)
    wanted = set(text_columns)
    text_at = [i for i, name in enumerate(header) if name in wanted and i != names_at]
    number_at = [i for i in range(len(header)) if i != names_at and i not in set(text_at)]
    matrix = Matrix([], [header[i] for i in number_at], np.empty((0, len(number_at))))
    stored_at = {header[i]: i for i in text_at}
    matrix.text = {name: [] for name in stored_at}
    text_rows = set(text_rows)
    values: list[np.ndarray] = []
    ragged, swallowed, nameless = [], [], []
    for record in records:
        line, cells = record.first, record.cells
        whole = len(cells) == len(header)
        name = cells[names_at].strip() if whole else ""
        if numbered and whole:
            name = str(len(values) + 1)
        if record.last > line:
            allowed = number_at if name in text_rows else text_at
            if problem := record.swallowed(allowed if whole else ()):
                swallowed.append(problem)
                continue
        if not whole:
            ragged.append((line, len(cells)))
            continue
        if not name:
            nameless.append(line)
            continue
        matrix.lines.setdefault(name, line)
        numbers = [cells[i] for i in number_at]
        if name in text_rows:
            matrix.text[name] = [cell.strip() for cell in numbers]
            continue
        matrix.rows.append(name)
        for column, i in stored_at.items():
            matrix.text[column].append(cells[i].strip())
        values.append(row := _numbers(numbers))
        matrix.bad += [
            BadCell(name, matrix.columns[i], line, numbers[i]) for i in np.flatnonzero(beyond(row))
        ]
    if values:
        matrix.numbers = np.where(beyond(np.array(values)), np.nan, values)
        if number_at[:1] == [0]:
            matrix = _without_row_numbers(matrix, path)
            number_at = number_at[len(number_at) - len(matrix.columns) :]
    matrix.problems += swallowed[:3]
    if ragged:
        where = some((f"line {line} has {width}" for line, width in ragged), 3).replace("'", "")
        matrix.problems.append(
            f"the header has {len(header)} cells, but {where}; is every line, the header too, "
            f"separated by {_DELIMITERS[delimiter]}?"
        )
    if nameless:
        column = f"column {header[names_at]!r}" if header[names_at] else "the first column"
        matrix.problems.append(
            f"every row needs a name in {column}, but it is empty in line {some(nameless)}; name "
            "these rows or leave them out"
        )
    if unnamed := [i for i in number_at if not header[i]]:
        matrix.problems.append(
            f"every column needs a name in the header, but column {some(i + 1 for i in unnamed)} "
            'has none; name these columns or leave them out (`ignore_columns: [""]`)'
        )
    for side, names in (
        ("row", matrix.rows),
        ("column", [*filter(None, header)]),
    ):
        if repeated := repeats(names):
            matrix.problems.append(
                f"{side} names have to be unique, but these stand more than once: {some(repeated)}"
            )
    return matrix


def _without_row_numbers(matrix: Matrix, path: Path) -> Matrix:
    """Leave out an unnamed first column with the numbers of the rows, from 1."""
    numbers = np.arange(1, len(matrix.rows) + 1)
    if matrix.columns[:1] != [""] or not np.array_equal(matrix.numbers[:, 0], numbers):
        return matrix
    logger.info("%s: the first column has the numbers of the rows, and is left out", path)
    return replace(matrix, columns=matrix.columns[1:], numbers=matrix.numbers[:, 1:])


def read_text_table(path: str | os.PathLike[str], name_column: str | None = None) -> pd.DataFrame:
    """Read a table of text, e.g. the labels of samples.

    Parameters
    ----------
    path : path-like
        As in `read_matrix`.
    name_column : str, optional
        The column with the names of the rows; the first one by default.

    Returns
    -------
    pandas.DataFrame
        All columns as text; the index are the row names.

    Raises
    ------
    CohortError
        With every fault of the table.
    """
    path = Path(path)
    header, _, _ = _records(path)
    matrix = read_matrix(path, name_column=name_column, text_columns=header)
    if matrix.problems:
        raise CohortError(f"{path} cannot be read:", matrix.problems)
    return pd.DataFrame(matrix.text, index=pd.Index(matrix.rows), dtype=str)
