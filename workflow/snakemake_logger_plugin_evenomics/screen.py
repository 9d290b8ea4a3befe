"""The terminal: lines that stay, and below them lines that change."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

COLOURS = {"red": 31, "yellow": 33}


class Screen:
    """A stream that people read, on a terminal or later.

    The cursor waits on an empty line above the changing lines. What a job prints by itself lands
    there, so it stays whole.

    Parameters
    ----------
    stream : text stream
    coloured : bool
        Whether colours are welcome on a terminal.
    """

    def __init__(self, stream: TextIO, coloured: bool) -> None:
        self._stream = stream
        #: Whether lines can change: on a terminal that knows how to go up a line.
        self.live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._coloured = self.live and coloured
        self._changing: Sequence[str] = ()

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines."""
        with suppress(OSError, ValueError):
            size = os.get_terminal_size(self._stream.fileno())
            if all(size):
                return size
        return os.terminal_size((80, 24))

    def bar(self, percent: int, length: int) -> str:
        """Return a bar where there are bars to see, in signs that the stream knows."""
        done = length * percent // 100
        for full, empty in ("━─", "#-"):
            bar = full * done + empty * (length - done)
            with suppress(UnicodeEncodeError):
                bar.encode(self._stream.encoding)
                break
        return bar if self.live else ""

    def print(self, text: str, colour: str | None = None) -> None:
        """Print text that stays."""
        if colour and self._coloured:
            text = f"\033[{COLOURS[colour]}m{text}\033[0m"
        self._write(f"{self._erased()}{text}\n{self._drawn()}")

    def show(self, lines: Sequence[str]) -> None:
        """Show lines in the place of those shown before."""
        erased = self._erased()
        columns, rows = self.size
        self._changing = [line[: columns - 1] for line in lines[: rows - 2]]
        self._write(erased + self._drawn())

    def _erased(self) -> str:
        return "\r\033[J" if self._changing else ""

    def _drawn(self) -> str:
        lines = "".join(f"\n{line}" for line in self._changing)
        return f"{lines}\r\033[{len(self._changing)}A" if lines else ""

    def _write(self, text: str) -> None:
        # a run does not end because nobody can read of it any more
        with suppress(OSError):
            encoding = self._stream.encoding
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
