"""How far a long stage has come, told in the log.

A run on a terminal draws its bars from these lines (see `snakemake_logger_plugin_evenomics`). So
several stages at once share a terminal, and a stage on another node of a cluster has a bar too.
"""

import logging
import threading
import time

from evenomics.messages import duration

logger = logging.getLogger(__name__)

# between two lines; there is at most one per percent besides
SECONDS = 1.0


class Progress:
    """Tell in the log how far a stage has come: 100 lines at most, however long it takes.

    Parameters
    ----------
    title : str
        The stage.
    total : int
        Steps until it is done.

    Examples
    --------
    >>> progress = Progress("scoring", 4)
    >>> progress.add()
    >>> progress.done
    1
    """

    def __init__(self, title: str, total: int) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self._percent = 0
        self._started = self._told = time.monotonic()
        self._lock = threading.Lock()
        logger.info("%s: 0%% done", title)

    def add(self, steps: int = 1) -> None:
        """Take note of steps done; any thread may."""
        with self._lock:
            self.done += steps
            percent, now = 100 * self.done // self.total, time.monotonic()
            if percent > self._percent and now - self._told >= SECONDS:
                self._percent, self._told = percent, now
                left = (now - self._started) * (self.total - self.done) / self.done
                logger.info("%s: %d%% done, %s left", self.title, percent, duration(left))
