"""Named random streams: a stream depends on the seed and on what it is for, on nothing else.

So a table comes out the same whatever the number of cores, the order of the jobs, or the other
training runs of a stack.
"""

import hashlib

import numpy as np


def _sequence(seed: int, names: tuple[str | int | float, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    return np.random.SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


def stream(seed: int, *names: str | int | float) -> np.random.Generator:
    """Return the generator that belongs to a purpose.

    Parameters
    ----------
    seed : int
        Seed of the whole run, >= 0.
    *names : str, int or float
        What the stream is for, e.g. ``stream(seed, "draw", study, experiment)``.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(_sequence(seed, names))


def derive_key(seed: int, *names: str | int | float) -> int:
    """Return a 63-bit integer that belongs to a purpose (see `stream`).

    Used where a library wants an integer seed, and as the key of a run's counter-based stream.
    """
    return int(_sequence(seed, names).generate_state(1, np.uint64)[0] >> np.uint64(1))


def derive_seed(seed: int, *names: str | int | float) -> int:
    """Return a 31-bit integer seed for libraries that take a ``random_state``."""
    return derive_key(seed, *names) & 0x7FFFFFFF
