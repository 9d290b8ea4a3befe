"""Tasks on several cores."""

import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from joblib import Parallel

from evenomics.errors import WorkerError
from evenomics.processes import end_with


@contextmanager
def workers(n_jobs: int, **options: object) -> Iterator[Parallel]:
    """Give processes that tasks are shared among; they end with this one.

    Parameters
    ----------
    n_jobs : int
        Processes; with 1, tasks run in this one.
    **options : object
        Of `joblib.Parallel`.

    Raises
    ------
    WorkerError
        If one of them is killed.

    Examples
    --------
    >>> from joblib import delayed
    >>> with workers(2) as parallel:
    ...     parallel(delayed(abs)(number) for number in (-1, 2, -3))
    [1, 2, 3]
    """
    try:
        yield Parallel(n_jobs, initializer=end_with, initargs=(os.getpid(),), **options)
    except BrokenProcessPool:
        raise WorkerError(
            f"one of {n_jobs} processes was killed, as the system does when memory runs out. Fewer "
            "cores take less memory: make run CORES=1, or snakemake --cores 1"
        ) from None
