"""A job as the log of its rule tells it: how far it has come, and what ended it."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

#: What `evenomics.progress` writes.
PROGRESS = re.compile(r" INFO (.+): (\d+)% done(?:, (.+) left)?$", re.MULTILINE)
#: The head of a record, as the scripts in Python and R write it.
HEAD = re.compile(r"^[\d-]+ [\d:,]+ ([A-Z]+) ", re.MULTILINE)


class Job:
    """A job that runs or has ended.

    Parameters
    ----------
    title : str
        What it does, as ``study: stage``.
    logs : sequence of str
        Its logs; the first is read.
    """

    def __init__(self, title: str, logs: Sequence[str]) -> None:
        self.title = title
        #: what it does, with the stage as the log names it
        self.stage = title
        self.percent: int | None = None
        self.left = ""
        self._started = time.monotonic()
        self._log = Path(logs[0]) if logs else None
        # Snakemake removes the log of an earlier try only when the job's turn has come
        self._stale = self._written()
        self._seen = 0

    @property
    def age(self) -> str:
        """How long it has run."""
        # not before the workflow is read: it says which library is taken
        from evenomics.messages import duration

        return duration(time.monotonic() - self._started)

    def follow(self) -> None:
        """Read what the log says since the last time."""
        new = self._read(self._seen)
        self._seen += len(new)
        for stage, percent, left in PROGRESS.findall(new.decode("utf-8", "replace")):
            study, colon, _ = self.title.rpartition(": ")
            self.stage, self.percent, self.left = study + colon + stage, int(percent), left

    def error(self) -> str:
        """Return the error in the log, empty if there is none."""
        _, *records = HEAD.split(self._read().decode("utf-8", "replace"))
        pairs = zip(records[::2], records[1::2], strict=True)
        errors = [said for level, said in pairs if level == "ERROR"]
        message, traceback, calls = "".join(errors[-1:]).strip().partition("\nTraceback ")
        return calls.splitlines()[-1] if traceback else message.partition("\nCalls:\n")[0]

    def last_lines(self) -> str:
        """Return how the log ends."""
        return "\n".join(self._read().decode("utf-8", "replace").splitlines()[-3:])

    def _written(self) -> int | None:
        try:
            return self._log.stat().st_mtime_ns if self._log else None
        except OSError:
            return None

    def _read(self, start: int = 0) -> bytes:
        if self._log is None or self._written() in (None, self._stale):
            return b""
        with self._log.open("rb") as log:
            log.seek(start)
            return log.read()
