"""Delimited text tables: read with every fault located, written whole or not at all."""

import csv
import gzip
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from evenomics.errors import CohortError

# A line is looked at whole to find its delimiter, and the header of a microarray is longer than the
# 131,072 characters that csv lets a cell have.
csv.field_size_limit(2**31 - 1)

_DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon"}
_MISSING = {"", "na", "nan", "n/a", "#n/a", "null", "none", ".", "-"}


def some(items: Iterable[object], limit: int = 3) -> str:
    """Return the first few items and the number of those left out, for a message."""
    texts = [repr(item) if isinstance(item, str) else str(item) for item in items]
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more


def nearest(name: str, names: Iterable[str]) -> str:
    """Return what to say about the names that exist, the one most like `name` first."""
    names = list(names)
    folded = {known.casefold(): known for known in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f"did you mean {folded[close[0]]!r}?" if close else f"there are {some(names, 8)}"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path that becomes `path` when the block ends well.

    A job that is killed leaves no half-written file under the real name.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table as TSV, compressed where the name ends in ``.gz``.

    The same table gives the same bytes, and floats come back exactly.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; its index is not written.
    path : path-like
        Where to; missing folders are made.
    """
    text = frame.to_csv(sep="\t", index=False, lineterminator="\n").encode()
    if str(path).endswith(".gz"):
        text = gzip.compress(text, compresslevel=6, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(text)


def read_back(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table that `write_table` wrote, or ``write_tsv`` in R.

    Classes and features keep their names, those that look like numbers or gaps (``622.50``,
    ``NA``) too.

    Parameters
    ----------
    path : path-like
        TSV, plain or gzip; empty cells are missing values.

    Returns
    -------
    pandas.DataFrame
    """
    names = {"class": str, "feature": str}
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False, na_values=[""])


@dataclass(frozen=True)
class BadCell:
    """A cell that holds no finite number."""

    row: str
    column: str
    line: int
    text: str

    @property
    def fault(self) -> str:
        """Say what is wrong with the cell."""
        if self.text.strip().casefold() in _MISSING:
            return "missing"
        return "not a number" if np.isnan(_number_or_nan(self.text)) else "infinite"


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
        Cells without a finite number.
    problems : list of str
        Rows of the wrong length, and names that stand twice.
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


def _delimiter(text: str, path: Path) -> str:
    """Return the delimiter that cuts the first lines into most cells, equally many in each."""
    head = [line for line in text[:1_000_000].splitlines() if line.strip()][:5]

    def quality(delimiter: str) -> tuple[bool, int]:
        widths = [len(cells) for cells in csv.reader(head, delimiter=delimiter)]
        return len(set(widths[1:])) <= 1 and widths[-1] - widths[0] in (0, 1), widths[0]

    best = max(_DELIMITERS, key=lambda delimiter: (quality(delimiter)[1] > 1, *quality(delimiter)))
    if quality(best)[1] == 1:
        raise CohortError(
            f"{path}: the first line is a single cell, {head[0][:60]!r}; "
            f"cells have to be separated by {', '.join(_DELIMITERS.values())}"
        )
    return best


def _records(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]], str]:
    """Return the header, the lines below it with their numbers, and the delimiter."""
    text = _read_text(path)
    delimiter = _delimiter(text, path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = ((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    header = [cell.strip() for cell in next(records)[1]]
    first = next(records, None)
    if first is None:
        raise CohortError(f"{path}: there is a header, but no row below it")
    if len(first[1]) == len(header) + 1:  # R's write.table gives the row names no header
        header = ["", *header]

    def body() -> Iterator[tuple[int, list[str]]]:
        yield first
        yield from records

    return header, body(), delimiter


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


def repeats(names: Iterable[str]) -> list[str]:
    """Return the names that stand more than once, each of them once."""
    return [name for name, count in Counter(names).items() if count > 1]


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
        The column with the names of the rows; the first one by default.
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
    if name_column is not None and name_column not in header:
        raise CohortError(
            f"{path}: no column {name_column!r} with names; {nearest(name_column, header)}"
        )
    names_at = 0 if name_column is None else header.index(name_column)
    wanted = set(text_columns)
    text_at = [i for i, name in enumerate(header) if name in wanted and i != names_at]
    number_at = [i for i in range(len(header)) if i != names_at and i not in set(text_at)]
    matrix = Matrix([], [header[i] for i in number_at], np.empty((0, len(number_at))))
    matrix.text = {header[i]: [] for i in text_at}
    text_rows = set(text_rows)
    values, ragged = [], []
    for line, cells in records:
        if len(cells) != len(header):
            ragged.append((line, len(cells)))
            continue
        name = cells[names_at].strip()
        matrix.lines.setdefault(name, line)
        numbers = [cells[i] for i in number_at]
        if name in text_rows:
            matrix.text[name] = [cell.strip() for cell in numbers]
            continue
        matrix.rows.append(name)
        for i in text_at:
            matrix.text[header[i]].append(cells[i].strip())
        values.append(row := _numbers(numbers))
        matrix.bad += [
            BadCell(name, matrix.columns[i], line, numbers[i])
            for i in np.flatnonzero(~np.isfinite(row))
        ]
    if values:
        matrix.numbers = np.where(np.isfinite(values), values, np.nan)
    if ragged:
        where = some((f"line {line} has {width}" for line, width in ragged), 3).replace("'", "")
        matrix.problems.append(
            f"the header has {len(header)} cells, but {where}; is every line, the header too, "
            f"separated by {_DELIMITERS[delimiter]}?"
        )
    for side, names in (("row", matrix.rows), ("column", header)):
        if repeated := repeats(names):
            matrix.problems.append(
                f"{side} names have to be unique, but these stand more than once: {some(repeated)}"
            )
    return matrix


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
