"""Downloads from a server that fails in every way a server can."""

import gzip
import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evenomics.data.download import fetch, fetch_first, fetch_json
from evenomics.errors import DownloadError

PLAIN = random.Random(0).randbytes(400_000)
ZIPPED = gzip.compress(PLAIN, mtime=0)


class Handler(BaseHTTPRequestHandler):
    """Serves the server's files with ranges, unless a fault stands in line for the request."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault is not None:
            fault(self)
        else:
            serve(self)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


def serve(
    request: Handler, *, ranges: bool = True, if_range: bool = True, stop_at: int | None = None
) -> None:
    """Answer as a file server does; with `stop_at`, hang up after so many bytes."""
    if request.path not in request.server.files:
        request.send_error(404)
        return
    body, etag = request.server.files[request.path]
    asked = request.headers.get("Range")
    same = not if_range or request.headers.get("If-Range") in (None, etag)
    start = 0
    if asked and ranges and same:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(body):
            request.send_error(416)
            return
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    else:
        request.send_response(200)
    request.send_header("Content-Length", str(len(body) - start))
    if etag:
        request.send_header("ETag", etag)
    request.end_headers()
    request.wfile.write(body[start:stop_at])


def drop(at: int, **how: bool) -> Callable[[Handler], None]:
    return lambda request: serve(request, stop_at=at, **how)


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    def fault(request: Handler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return fault


def hang(request: Handler) -> None:
    request.server.woken.wait(10)


@pytest.fixture
def server(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.files = {"/a.txt.gz": (ZIPPED, '"1"'), "/a.txt": (PLAIN, '"1"')}
    httpd.faults, httpd.requests = [], []
    httpd.woken = threading.Event()
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, args=[0.01])
    thread.start()
    yield httpd
    httpd.woken.set()
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """Pauses between attempts: noted, not made."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    return noted


QUICK = {"wait": 0.01, "timeout": 5.0}


def get(server, tmp_path, name="a.txt.gz", **options):
    return fetch(f"{server.url}/{name}", tmp_path / "new" / name, **{**QUICK, **options})


def ranges(server):
    return [asked for _, asked in server.requests]


def assert_whole(path, content=ZIPPED):
    """Nothing but the file and its checksum is left, and the checksum is the file's."""
    assert path.read_bytes() == content
    assert [p.name for p in sorted(path.parent.iterdir())] == [path.name, f"{path.name}.sha256"]
    digest = hashlib.sha256(content).hexdigest()
    assert path.with_name(f"{path.name}.sha256").read_text() == f"{digest}  {path.name}\n"


def test_one_request_then_none_while_the_file_fits_its_checksum(server, tmp_path):
    path = get(server, tmp_path)
    assert_whole(path)
    assert get(server, tmp_path) == path
    assert ranges(server) == [None]


def test_a_file_that_changed_on_disk_is_downloaded_anew(server, tmp_path, caplog):
    path = get(server, tmp_path)
    path.write_bytes(ZIPPED[:-1])
    assert_whole(get(server, tmp_path))
    assert "does not fit its checksum" in caplog.text
    assert len(server.requests) == 2


def test_another_file_than_the_checksum_says_is_not_taken(server, tmp_path):
    true = hashlib.sha256(ZIPPED).hexdigest()
    with pytest.raises(DownloadError) as error:
        get(server, tmp_path, sha256="0" * 64)
    assert error.value.heading == f"{server.url}/a.txt.gz is not the file that is meant:"
    assert error.value.problems[:2] == (f"its SHA-256 is {true}", f"it has to be {'0' * 64}")
    assert "mend them" in error.value.problems[2]
    assert [path.name for path in (tmp_path / "new").iterdir() if path.suffix != ".source"] == []
    assert len(server.requests) == 1
    assert_whole(get(server, tmp_path, sha256=true.upper()))
    # put by hand, or left by somebody else
    path = tmp_path / "new/a.txt.gz"
    with pytest.raises(DownloadError, match="delete it, or put the right one there"):
        get(server, tmp_path, sha256="0" * 64)
    path.write_bytes(gzip.compress(b"by hand", mtime=0))
    path.with_name("a.txt.gz.sha256").unlink()
    with pytest.raises(DownloadError, match=r"new/a\.txt\.gz is not the file that is meant"):
        get(server, tmp_path, sha256=true)
    path.unlink()
    server.faults = [drop(150_000)]
    path = get(server, tmp_path, sha256=true)
    assert path.read_bytes() == ZIPPED


def test_a_file_put_by_hand_is_taken_unless_it_is_damaged(server, tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"by hand", mtime=0))
    fetch(f"{server.url}/a.txt.gz", path)
    assert_whole(path, gzip.compress(b"by hand", mtime=0))
    path.with_name("a.txt.gz.sha256").unlink()
    path.write_bytes(ZIPPED[:1000])
    with pytest.raises(DownloadError, match=r"a\.txt\.gz: the compressed file is damaged"):
        fetch(f"{server.url}/a.txt.gz", path)
    assert server.requests == []


def test_a_broken_connection_goes_on_from_where_it_stopped(server, tmp_path):
    server.faults = [drop(150_000), drop(150_000)]
    assert_whole(get(server, tmp_path))
    first, second, third = ranges(server)
    assert first is None
    held = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in (second, third)]
    assert 0 < held[0] <= held[1] <= 150_000


def test_the_next_call_goes_on_from_where_the_last_one_stopped(server, tmp_path):
    server.faults = [drop(150_000)]
    with pytest.raises(DownloadError, match=r"tried once; in the end"):
        get(server, tmp_path, attempts=1)
    assert not (tmp_path / "new" / "a.txt.gz").exists()
    assert_whole(get(server, tmp_path))
    assert ranges(server)[1].startswith("bytes=")


@pytest.mark.parametrize("etag", ["", 'W/"1"'])
def test_nothing_is_resumed_that_cannot_be_told_from_another_file(server, tmp_path, etag):
    """Without a strong ETag or a date, the rest might be of another version."""
    server.files["/a.txt.gz"] = (ZIPPED, etag)
    server.faults = [drop(150_000)]
    assert_whole(get(server, tmp_path))
    assert ranges(server) == [None, None]


def test_a_server_without_ranges_is_read_from_the_start(server, tmp_path):
    server.faults = [drop(150_000), lambda request: serve(request, ranges=False)]
    assert_whole(get(server, tmp_path))
    assert ranges(server)[0] is None
    assert ranges(server)[1].startswith("bytes=")
    assert len(server.requests) == 2


@pytest.mark.parametrize(("if_range", "requests"), [(True, 2), (False, 3)])
def test_a_file_that_changed_on_the_server_is_not_mixed(server, tmp_path, if_range, requests):
    """Also from a server that does not know If-Range, and sends the rest of the new file."""
    other = gzip.compress(random.Random(1).randbytes(400_000), mtime=0)

    def change(request: Handler) -> None:
        server.files["/a.txt.gz"] = (other, '"2"')
        serve(request, if_range=if_range)

    server.faults = [drop(150_000), change]
    assert_whole(get(server, tmp_path), other)
    assert len(server.requests) == requests


def test_a_part_that_is_too_long_is_thrown_away(server, tmp_path):
    """Its server says 416; the attempt after that starts from nothing."""
    path = tmp_path / "a.txt"
    path.with_name("a.txt.part").write_bytes(PLAIN + b"more")
    path.with_name("a.txt.part.source").write_text(f'{server.url}/a.txt\n"1"\n')
    fetch(f"{server.url}/a.txt", path, **QUICK)
    assert_whole(path, PLAIN)
    assert ranges(server) == [f"bytes={len(PLAIN) + 4}-", None]


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_busy_server_is_asked_again_with_growing_pauses(server, tmp_path, code, pauses):
    server.faults = [status(code), status(code), status(code)]
    assert_whole(get(server, tmp_path, wait=0.1))
    assert len(server.requests) == 4
    assert pauses == [0.1, 0.2, 0.4]


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("7", 7.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("0", 1.0),
        ("3600", 300.0),
        ("date", 50.0),
        ("Mon, 99 Jan 99999 00:00:00 GMT", 1.0),
    ],
)
def test_a_server_may_ask_for_a_longer_pause(server, tmp_path, pauses, monkeypatch, asked, pause):
    """In seconds or as a date, up to five minutes; what cannot be read asks for nothing."""
    if asked == "date":
        now = 1_800_000_000.0
        monkeypatch.setattr(time, "time", lambda: now)
        asked = formatdate(now + 50, usegmt=True)
    server.faults = [status(503, Retry_After=asked)]
    get(server, tmp_path, wait=1.0)
    assert pauses == [pause]


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_refusal_is_final(server, tmp_path, code):
    server.faults = [status(code)]
    with pytest.raises(DownloadError) as error:
        get(server, tmp_path)
    text = str(error.value)
    assert len(server.requests) == 1
    assert f"{server.url}/a.txt.gz could not be downloaded" in text
    assert f"tried once; in the end: the server says {code}" in text
    assert f"put it at {tmp_path / 'new' / 'a.txt.gz'}" in text


def test_the_error_counts_attempts_and_names_the_last_reason(server, tmp_path, caplog):
    server.faults = [status(503), status(503), status(502)]
    with caplog.at_level(logging.WARNING), pytest.raises(DownloadError) as error:
        get(server, tmp_path, attempts=3)
    assert len(server.requests) == 3
    assert "tried 3 times; in the end: the server says 502" in str(error.value)
    assert caplog.text.count("failed (the server says 503") == 2
    assert not (tmp_path / "new" / "a.txt.gz").exists()


def test_a_silent_server_does_not_hold_up_the_workflow(server, tmp_path):
    server.faults = [hang]
    assert_whole(get(server, tmp_path, timeout=0.3))
    assert len(server.requests) == 2
    server.faults = [hang, hang]
    with pytest.raises(DownloadError, match=r"(?i)tried 2 times; in the end: .*timed out"):
        get(server, tmp_path, name="a.txt", timeout=0.3, attempts=2)


def test_a_damaged_compressed_file_is_downloaded_anew(server, tmp_path):
    """The length is right, the content is not."""
    damaged = ZIPPED[:200_000] + bytes(100) + ZIPPED[200_100:]

    def damage(request: Handler) -> None:
        server.files["/a.txt.gz"] = (damaged, '"1"')
        serve(request)
        server.files["/a.txt.gz"] = (ZIPPED, '"1"')

    server.faults = [damage]
    assert_whole(get(server, tmp_path))
    assert ranges(server) == [None, None]
    server.files["/b.txt.gz"] = (damaged, '"1"')
    with pytest.raises(DownloadError, match="the compressed file is damaged"):
        get(server, tmp_path, name="b.txt.gz", attempts=2)
    assert len(server.requests) == 4
    assert not list(tmp_path.rglob("b.txt.gz"))


def test_a_plain_file_under_a_compressed_name_is_compressed(server, tmp_path):
    server.files["/a.txt?view=full&x=.gz"] = server.files["/a.txt"]
    for _ in range(2):
        path = fetch(f"{server.url}/a.txt?view=full&x=.gz", tmp_path / "p.annot.gz", **QUICK)
        assert gzip.decompress(path.read_bytes()) == PLAIN
        assert_whole(path, path.read_bytes())
    assert len(server.requests) == 1


def test_the_next_address_is_asked_only_if_there_is_no_such_file(server, tmp_path):
    urls = [f"{server.url}/{name}" for name in ("none.gz", "a.txt.gz")]
    assert_whole(fetch_first(urls, tmp_path / "a.txt.gz", **QUICK))
    assert [path for path, _ in server.requests] == ["/none.gz", "/a.txt.gz"]
    server.faults = [status(403)]
    with pytest.raises(DownloadError, match="403"):
        fetch_first(urls[::-1], tmp_path / "b.gz", **QUICK)
    assert len(server.requests) == 3
    with pytest.raises(DownloadError) as error:
        fetch_first([urls[0], f"{server.url}/nor.gz"], tmp_path / "c.gz", **QUICK)
    assert all(f"{server.url}/{name}.gz" in str(error.value) for name in ("none", "nor"))


def test_no_server_and_no_address(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadError, match=r"tried 2 times; .*[Cc]onnection"):
        fetch("http://127.0.0.1:9/a", tmp_path / "a", attempts=2, wait=0.01)
    with pytest.raises(DownloadError, match=r"tried once; .*Invalid URL"):
        fetch("a.txt.gz", tmp_path / "a", wait=0.01)


def test_json_is_asked_for_again_until_it_is_an_answer(server):
    server.files["/ask"] = (b'{"count": "3"}', "")
    server.files["/bad"] = (b"<html>busy</html>", "")
    server.files["/error"] = (b'{"error": "API rate limit exceeded"}', "")
    server.faults = [status(429), drop(5)]
    assert fetch_json(f"{server.url}/ask", {"term": "x"}, wait=0.01) == {"count": "3"}
    assert len(server.requests) == 3
    for name, reason in [("bad", "is not JSON: '<html>busy"), ("error", "rate limit exceeded")]:
        with pytest.raises(DownloadError, match=reason):
            fetch_json(f"{server.url}/{name}", {}, attempts=2, wait=0.01)
    assert len(server.requests) == 7
