"""A terminal that a test watches a program on."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte


class Terminal:
    """A program on a terminal of its own.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Where it runs.
    columns, rows : int
    env : mapping of str to str, optional
        Environment variables beside this process's own.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._end, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._program = subprocess.Popen(
            command, cwd=folder, stdin=inside, stdout=inside, stderr=inside,
            env={**os.environ, "TERM": "xterm", **(env or {})}, start_new_session=True,
        )  # fmt: skip
        os.close(inside)
        #: all that the program wrote
        self.raw = b""

    @property
    def lines(self) -> list[str]:
        """What it shows."""
        return [line.rstrip() for line in self._screen.display if line.strip()]

    def wait_for(self, words: str, seconds: float = 120) -> list[str]:
        """Wait until it shows these words, and return what it shows then."""
        until = time.monotonic() + seconds
        while not any(words in line for line in self.lines):
            assert self._listen(), "\n".join(self.lines)
            assert time.monotonic() < until, "\n".join(self.lines)
        return self.lines

    def interrupt(self) -> None:
        """Press Ctrl-C, which reaches the program and what it started."""
        os.killpg(self._program.pid, signal.SIGINT)

    def end(self) -> list[str]:
        """Wait for the end of the program, and return what is shown after it."""
        while self._listen():
            pass
        self._program.wait()
        os.close(self._end)
        return self.lines

    @property
    def status(self) -> int:
        """Exit status of the program."""
        return self._program.returncode

    def _listen(self) -> bool:
        """Take what the program writes; False if it has ended."""
        if not select.select([self._end], [], [], 1.0)[0]:
            return True
        written = b""
        with suppress(OSError):  # how Linux says that nobody writes there any more
            written = os.read(self._end, 65536)
        self.raw += written
        self._stream.feed(written)
        return bool(written)
