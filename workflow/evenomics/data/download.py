"""Downloads: repeated where that may help, resumed, checked, and never left half done."""

import gzip
import json
import logging
import os
import re
import shutil
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from evenomics.errors import DownloadError
from evenomics.files import replacing, sha256_of, write_text

logger = logging.getLogger(__name__)


_CHUNK = 1 << 16

_LONGEST_WAIT = 300.0

_BUSY = {408, 425, 429}

T = TypeVar("T")


class MissingError(DownloadError):
    """The server says that there is no such file."""


class _Failure(Exception):
    """What went wrong in one attempt.

    Attributes
    ----------
    kind : type of DownloadError or None
        What to raise at once; None if another attempt may succeed.
    wait : float
        Seconds that the server asks to wait.
    """

    def __init__(
        self, reason: str, *, kind: type[DownloadError] | None = None, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.wait = wait


def fetch(
    url: str,
    path: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    attempts: int = 5,
    timeout: float = 60.0,
    wait: float = 2.0,
) -> Path:
    """Download a file, unless it is there already.

    What has come stays in ``<path>.part`` until the file is whole, so that the next attempt, or the
    next call, goes on from there if the server allows it and its file has not changed. A file
    whose URL ends in ``.gz`` is unpacked once to see that it is not damaged; another file that is
    to lie under such a name is compressed. Its SHA-256 is written to ``<path>.sha256`` (for
    ``sha256sum -c``).

    Parameters
    ----------
    url : str
        Where the file is.
    path : path-like
        Where it is to be. A file that is there with its ``.sha256`` is used if they fit each other,
        otherwise downloaded anew; one without is taken as it is: somebody has put it there.
    sha256 : str, optional
        What the SHA-256 of the file has to be, as it comes from there or was put by hand.
    attempts : int
        How often to try; a refusal (e.g. 403 or 404) is final.
    timeout : float
        Seconds without an answer, or without data, after which an attempt has failed.
    wait : float
        Seconds before the second attempt; doubled for each further one.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    DownloadError
        If the download failed: URL, number of attempts, last reason, and the path at which the file
        may be put by hand. It is a `MissingError` where the server has no such file. Or if it is
        another file than `sha256` says: both checksums.
    """
    path = Path(path)
    if _is_there(path):
        _check_sum(path, sha256, str(path), "delete it, or put the right one there")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(path, ".part")

    def attempt() -> None:
        _receive(url, part, timeout)
        if _named_gzip(url) and (damage := _damage(part)):
            part.unlink()
            raise _Failure(damage)

    by_hand = f"or download it by other means and put it at {path.absolute()}"
    _attempted(attempt, url, attempts, wait, by_hand)
    try:
        advice = "the file there has changed, or the address or the checksum is wrong; mend them"
        _check_sum(part, sha256, url, advice)
    except DownloadError:
        part.unlink()  # nothing of it serves another attempt
        raise
    if path.suffix == ".gz" and not _named_gzip(url):
        # no name and no time, so that the same content makes the same file
        with (
            replacing(path) as temporary,
            temporary.open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
            part.open("rb") as plain,
        ):
            shutil.copyfileobj(plain, packed, _CHUNK)
        part.unlink()
    else:
        part.replace(path)
    _beside(part, ".source").unlink(missing_ok=True)
    _write_sum(path)
    logger.info("%s: %d bytes from %s", path, path.stat().st_size, url)
    return path


def fetch_first(
    urls: Sequence[str],
    path: str | os.PathLike[str],
    *,
    attempts: int = 5,
    timeout: float = 60.0,
    wait: float = 2.0,
) -> Path:
    """Download the first of several files that exists; otherwise like `fetch`.

    Parameters
    ----------
    urls : sequence of str
        Where the file may be. The next one is asked for only if the server has no such file.
    path : path-like
        Where it is to be.
    attempts, timeout, wait
        As in `fetch`, for each URL.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    DownloadError
        If none exists (all URLs are named), or the download of the first that exists failed.
    """
    for url in urls[:-1]:
        try:
            return fetch(url, path, attempts=attempts, timeout=timeout, wait=wait)
        except MissingError:
            logger.info("%s: there is no such file", url)
    try:
        return fetch(urls[-1], path, attempts=attempts, timeout=timeout, wait=wait)
    except MissingError as error:
        others = [f"nor is there {url}" for url in urls[:-1]]
        raise MissingError(error.heading, [*others, *error.problems]) from None


def fetch_json(
    url: str,
    query: Mapping[str, str | int],
    *,
    attempts: int = 5,
    timeout: float = 60.0,
    wait: float = 2.0,
) -> dict[str, Any]:
    """Ask a service that answers with a JSON object.

    Parameters
    ----------
    url : str
        Address of the service.
    query : mapping
        Parameters; they are posted, so that they may be long.
    attempts, timeout, wait
        As in `fetch`.

    Returns
    -------
    dict

    Raises
    ------
    DownloadError
        If the service gave no such answer.
    """

    def attempt() -> dict[str, Any]:
        answer = requests.post(url, data=dict(query), timeout=timeout)
        _check_status(answer)
        try:
            found = json.loads(answer.content)
        except ValueError:
            raise _Failure(f"the answer is not JSON: {answer.text[:80]!r}") from None
        if not isinstance(found, dict) or "error" in found:
            raise _Failure(f"the service answers {str(found)[:200]}")
        return found

    return _attempted(attempt, url, attempts, wait, "")


def _attempted(attempt: Callable[[], T], url: str, attempts: int, wait: float, by_hand: str) -> T:
    """Return what an attempt returns, after as many as it takes.

    An attempt is more than a request: an answer may break off, be damaged or be no JSON, and the
    next request then asks for the rest. So the attempts are counted here, and not by the adapter of
    requests, which sees no further than the header of an answer.
    """
    for number in range(1, attempts + 1):
        try:
            return attempt()
        except _Failure as failure:
            reason, kind, asked = str(failure), failure.kind, failure.wait
        except (requests.RequestException, HTTPError) as error:
            # requests calls a malformed URL a ValueError
            reason, kind, asked = _plain(error), None, 0.0
            if isinstance(error, ValueError):
                kind = DownloadError
        if kind is not None or number == attempts:
            tried = "once" if number == 1 else f"{number} times"
            advice = "check the network, try again later" if kind is None else "check the address"
            raise (kind or DownloadError)(
                f"{url} could not be downloaded:",
                [
                    f"tried {tried}; in the end: {reason}",
                    ", ".join(filter(None, [advice, by_hand])),
                ],
            )
        pause = min(max(wait * 2 ** (number - 1), asked), _LONGEST_WAIT)
        logger.warning(
            "%s: attempt %d of %d failed (%s); the next one in %g s",
            url, number, attempts, reason, pause,
        )  # fmt: skip
        time.sleep(pause)
    raise ValueError(f"`attempts` has to be at least 1, found {attempts}")


def _plain(error: Exception) -> str:
    """Return the message of a network error without the objects that its libraries put in."""
    text = re.sub(r"<[^>]*>:? ?", "", str(error)) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status < 400:
        return
    reason = f"the server says {status} {answer.reason}"
    if status in (404, 410):
        raise _Failure(reason, kind=MissingError)
    if status < 500 and status not in _BUSY:
        raise _Failure(reason, kind=DownloadError)
    raise _Failure(reason, wait=_pause_asked_for(answer))


def _pause_asked_for(answer: requests.Response) -> float:
    """Return how many seconds the server asks to wait; 0 if it does not say, or not clearly."""
    try:
        return Retry().parse_retry_after(answer.headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError):  # a year beyond 9999
        return 0.0


def _receive(url: str, part: Path, timeout: float) -> None:
    """Bring `part` to its full length, going on from what is there where that is safe."""
    # identity: bytes as they lie on the server, which is what lengths and ranges count
    headers = {"Accept-Encoding": "identity"}
    validator = _validator_of(part, url)
    held = part.stat().st_size if validator else 0
    if held:
        headers |= {"Range": f"bytes={held}-", "If-Range": validator}
    with requests.get(url, headers=headers, timeout=timeout, stream=True) as answer:
        if answer.status_code == 416:  # what is there is as long as the file, or longer
            part.unlink()
            raise _Failure("the part that was there does not fit the file")
        _check_status(answer)
        if answer.status_code == 206:
            start, total = _range(answer)
            if start != held or _validator(answer) not in ("", validator):
                part.unlink()
                raise _Failure("the rest that came does not fit the part that was there")
            logger.info("%s: going on from byte %d", url, held)
        else:
            length = answer.headers.get("Content-Length", "")
            held, total = 0, int(length) if length.isdigit() else None
            write_text(_beside(part, ".source"), f"{url}\n{_validator(answer)}\n")
        with part.open("ab" if held else "wb") as file:
            for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                file.write(chunk)
    if total is not None and (size := part.stat().st_size) != total:
        if size > total:
            part.unlink()
        raise _Failure(f"got {size} of {total} bytes")


def _range(answer: requests.Response) -> tuple[int, int | None]:
    """Return the first byte that comes, and the length of the whole file if it is known."""
    text = answer.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", text.strip())
    if not found:
        raise _Failure(f"cannot make out the range of the answer, {text!r}")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _validator(answer: requests.Response) -> str:
    """Return what tells whether a later answer is of the same file, or nothing."""
    etag = answer.headers.get("ETag", "")
    # a weak ETag does not vouch for the same bytes
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _validator_of(part: Path, url: str) -> str:
    """Return the validator of a part that came from this URL, or nothing."""
    source = _beside(part, ".source")
    if not part.is_file() or not part.stat().st_size or not source.is_file():
        return ""
    of, validator, *_ = [*source.read_text(encoding="utf-8").splitlines(), "", ""]
    return validator if of == url else ""


def _named_gzip(url: str) -> bool:
    return urlsplit(url).path.endswith(".gz")


def _damage(path: Path) -> str:
    """Say what is wrong with a compressed file; nothing if it can be unpacked."""
    try:
        with gzip.open(path) as file:
            while file.read(_CHUNK):
                pass
    except (EOFError, OSError, zlib.error) as error:
        return f"the compressed file is damaged ({error})"
    return ""


def _is_there(path: Path) -> bool:
    """Tell whether the file is there and as it was when it was written down."""
    sums = _beside(path, ".sha256")
    if path.is_file():
        if not sums.is_file():
            if path.suffix == ".gz" and (damage := _damage(path)):
                raise DownloadError(f"{path}: {damage}; delete it, or put a whole one there")
            logger.info("%s: is there already, put by hand; taken as it is", path)
            _write_sum(path)
            return True
        if sums.read_text(encoding="utf-8").split()[:1] == [sha256_of(path)]:
            logger.info("%s: is there already, with the right checksum", path)
            return True
        logger.warning("%s: does not fit its checksum in %s; downloaded anew", path, sums)
        path.unlink()
    sums.unlink(missing_ok=True)
    return False


def _check_sum(path: Path, wanted: str | None, place: str, advice: str) -> None:
    if wanted is not None and (found := sha256_of(path)) != wanted.lower():
        raise DownloadError(
            f"{place} is not the file that is meant:",
            [f"its SHA-256 is {found}", f"it has to be {wanted.lower()}", advice],
        )


def _write_sum(path: Path) -> None:
    write_text(_beside(path, ".sha256"), f"{sha256_of(path)}  {path.name}\n")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
