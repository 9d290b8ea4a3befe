"""Words that messages share: the first few of many, the nearest name, safe file names, times."""

import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches


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


def repeats(names: Iterable[str]) -> list[str]:
    """Return the names that stand more than once, each of them once."""
    return [name for name, count in Counter(names).items() if count > 1]


def slug(text: str) -> str:
    """Return `text` with all but letters, digits, ``_`` and ``-`` replaced, for file names."""
    return re.sub(r"[^\w-]+", "_", str(text)).strip("_") or "_"


def duration(seconds: float) -> str:
    """Return a time in its two largest units.

    Examples
    --------
    >>> [duration(seconds) for seconds in (0.2, 59.7, 185, 3600, 100_000)]
    ['0 s', '1 min', '3 min 5 s', '1 h', '1 d 3 h']
    """
    rest, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def of_study(study: str, selection: str, message: str) -> str:
    """Return a message with the study, and the selection of features, that it is about."""
    selected = "" if selection == "none" else f", features selected by {selection}"
    return f"study {study}{selected}: {message}"
