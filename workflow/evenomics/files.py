"""Files written whole or not at all; tables come back with the types they were written with."""

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pandas as pd

from evenomics.columns import COLUMNS
from evenomics.messages import some


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


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text as UTF-8, whole or not at all.

    Parameters
    ----------
    path : path-like
        Where to; missing folders are made.
    text : str
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_table(frame: pd.DataFrame | Iterable[pd.DataFrame], path: str | os.PathLike[str]) -> None:
    """Write a table as TSV, compressed where the name ends in ``.gz``.

    The same table gives the same bytes, and floats come back exactly.

    Parameters
    ----------
    frame : pandas.DataFrame or iterable of them
        The table, whole or in parts with the same columns; its index is not written.
    path : path-like
        Where to; missing folders are made.
    """
    parts = [frame] if isinstance(frame, pd.DataFrame) else frame
    with replacing(path) as temporary, temporary.open("wb") as raw, ExitStack() as stack:
        file: IO[bytes] | gzip.GzipFile = raw
        if str(path).endswith(".gz"):
            # without name and time, which would be other bytes every time
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
        for number, part in enumerate(parts):
            text = part.to_csv(sep="\t", index=False, header=number == 0, lineterminator="\n")
            file.write(text.encode())


def read_table(path: str | os.PathLike[str], numbers: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table of results that `write_table` wrote, or ``write_tsv`` in R.

    No type is guessed: `evenomics.columns` has it of every column. So text stays as it was written,
    that which looks like a number or a gap (``1.0``, ``622.50``, ``NA``) too.

    Parameters
    ----------
    path : path-like
        TSV, plain or gzip; empty cells are missing values.
    numbers : iterable of str
        Columns of this table alone that hold numbers, e.g. its features.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError
        If the table has a column whose type is not known.
    """
    return pd.read_csv(path, **_options(path, numbers))


def read_parts(path: str | os.PathLike[str], n_rows: int = 200_000) -> Iterator[pd.DataFrame]:
    """Read a table as `read_table` does, in parts of so many rows: all of it may be too large."""
    with pd.read_csv(path, **_options(path, ()), chunksize=n_rows) as parts:
        yield from parts


def _options(path: str | os.PathLike[str], numbers: Iterable[str]) -> dict[str, Any]:
    """Return how pandas has to read a table of results."""
    names = pd.read_csv(path, sep="\t", nrows=0).columns
    known = COLUMNS | dict.fromkeys(numbers, "float64")
    types = {name: known.get(name) or known.get(name.partition(".")[0], "") for name in names}
    if unknown := [name for name, kind in types.items() if not kind]:
        raise ValueError(
            f"{path}: of what type are the columns {some(unknown)}? Say so in `evenomics.columns`; "
            "if the file was left by another version, delete it and run again"
        )
    return {"sep": "\t", "dtype": types, "keep_default_na": False, "na_values": [""]}
