"""Loading over HTTP, from a server on the loopback address that does whatever servers do, by a process that dies."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asr
from asr.downloads.archive import Archive
from asr.downloads.report import Quiet
from asr.downloads.transfer import Patience, Unusable, _Redirects, fetch
from asr.errors import DownloadError, OutputError

CONTENT = np.random.default_rng(1).bytes(600_000)
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
PATIENCE = Patience(timeout_s=10.0, tries=3, pause_s=0.01)

Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the first of the planned answers that is left, and as an honest server when there are none."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        answer = self.server.plan.pop(0) if self.server.plan else honest
        with contextlib.suppress(ConnectionError):  # a client that had enough
            answer(self)

    def start(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass

    @property
    def first(self) -> int:
        """The byte from which on the file is asked for."""
        return int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.content = CONTENT
        self.plan: list[Answer] = []
        self.requests: list[tuple[str, str | None]] = []
        self.ended = threading.Event()  # for answers that wait
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/a.tar.gz"

    @property
    def ranges(self) -> list[str | None]:
        return [piece for _, piece in self.requests]

    def stop(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# ---- answers


def honest(handler: Handler, *, sent: int | None = None) -> None:
    """Serve the file or the range that is asked for, or the first `sent` bytes of it under the same headers."""
    content, first = handler.server.content, handler.first
    if first >= len(content) > 0:
        handler.start(416, Content_Range=f"bytes */{len(content)}", Content_Length=0)
        return
    rest = content[first:]
    if first:
        whole = f"bytes {first}-{len(content) - 1}/{len(content)}"
        handler.start(206, Content_Range=whole, Content_Length=len(rest))
    else:
        handler.start(200, Content_Length=len(rest))
    handler.wfile.write(rest[:sent])


def breaks_off(sent: int) -> Answer:
    return lambda handler: honest(handler, sent=sent)


def stalls(sent: int) -> Answer:
    def answer(handler: Handler) -> None:
        honest(handler, sent=sent)
        handler.wfile.flush()
        handler.server.ended.wait(30)

    return answer


def says(status: int, body: bytes = b"", **headers: object) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(status, Content_Length=len(body), **headers)
        handler.wfile.write(body)

    return answer


def knows_no_ranges(handler: Handler) -> None:
    handler.start(200, Content_Length=len(handler.server.content))
    handler.wfile.write(handler.server.content)


def announces(length: int) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(200, Content_Length=length)
        handler.wfile.write(handler.server.content[:length])

    return answer


def in_chunks(handler: Handler, *, ends: bool = True) -> None:
    """Serve without saying how long it is, as pages that are made on demand are."""
    handler.start(200, Transfer_Encoding="chunked")
    content = handler.server.content if ends else handler.server.content[:250_000]
    for first in range(0, len(content), 100_000):
        piece = content[first : first + 100_000]
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n" if ends else b"ffff\r\n")


def sends_another_piece(handler: Handler) -> None:
    handler.start(206, Content_Range=f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}", Content_Length=len(CONTENT) - 7)
    handler.wfile.write(CONTENT[7:])


def wrong_bytes(handler: Handler) -> None:
    handler.start(200, Content_Length=len(CONTENT))
    handler.wfile.write(bytes(len(CONTENT)))


def never_ends(handler: Handler) -> None:
    handler.start(200)
    while not handler.server.ended.is_set():
        handler.wfile.write(bytes(100_000))


# ---- what is loaded


def archive(*urls: str, **fields: Any) -> Archive:
    return Archive(**{"part": "all", "file": "a.tar.gz", "size": len(CONTENT), "digest": DIGEST} | fields, urls=urls)


def load(folder: Path, *urls: str, patience: Patience = PATIENCE, **fields: Any) -> bytes:
    """Load, check that nothing else is left, and return what has come."""
    fetch(archive(*urls, **fields), folder / "a.tar.gz", Quiet(), patience)
    assert os.listdir(folder) == ["a.tar.gz"]
    return (folder / "a.tar.gz").read_bytes()


def refused(folder: Path, *urls: str, **fields: Any) -> str:
    """Load what cannot be loaded, check that no file has the archive's name, and return the sentence."""
    with pytest.raises(DownloadError) as caught:
        load(folder, *urls, **fields)
    assert not (folder / "a.tar.gz").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


ANSWERS: dict[str, list[Answer]] = {
    "whole": [],
    "breaks off": [breaks_off(200_000)],
    "breaks off many times": [breaks_off(60_000)] * 8,
    "breaks off before anything": [breaks_off(0), breaks_off(0)],
    "breaks off, then answers 500 and 503": [breaks_off(100_000), says(500), says(503, Retry_After=0)],
    "knows no ranges": [breaks_off(100_000), knows_no_ranges],
    "in chunks": [in_chunks],
    "in chunks that break off": [lambda handler: in_chunks(handler, ends=False)],
    "says no length": [lambda handler: (handler.start(200), handler.wfile.write(handler.server.content))],
    "closes without an answer": [lambda handler: handler.connection.close()],
    "sends no HTTP": [lambda handler: handler.wfile.write(b"what?\r\n\r\n")],
    "redirects": [says(302, Location="/elsewhere"), breaks_off(100_000), says(307, Location="/elsewhere")],
    "too many requests": [says(429, Retry_After=0)],
}


@pytest.mark.parametrize("plan", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "about"])
def test_the_file_comes_whole_whatever_happens_on_the_way(
    server: Server, tmp_path: Path, plan: list[Answer], exact: bool
) -> None:
    server.plan = list(plan)
    size = len(CONTENT) if exact else len(CONTENT) * 9 // 10
    assert load(tmp_path, server.url, exact=exact, size=size) == CONTENT
    assert server.plan == []


def test_a_broken_transfer_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.plan = [breaks_off(200_000), breaks_off(150_000)]
    assert load(tmp_path, server.url) == CONTENT
    assert server.ranges == [None, "bytes=200000-", "bytes=350000-"]


def test_a_stalled_connection_is_given_up(server: Server, tmp_path: Path) -> None:
    server.plan = [stalls(200_000)]
    assert load(tmp_path, server.url, patience=Patience(timeout_s=0.5, tries=3, pause_s=0.01)) == CONTENT
    assert server.ranges[:2] == [None, "bytes=200000-"]


def test_what_another_process_left_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz.part").write_bytes(CONTENT[:123_456])
    assert load(tmp_path, server.url) == CONTENT
    assert server.ranges == ["bytes=123456-"]


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "about"])
def test_what_came_whole_but_was_not_named_is_not_loaded_again(server: Server, tmp_path: Path, exact: bool) -> None:
    (tmp_path / "a.tar.gz.part").write_bytes(CONTENT)
    assert load(tmp_path, server.url, exact=exact) == CONTENT
    assert server.ranges == ([] if exact else [f"bytes={len(CONTENT)}-"])


@pytest.mark.parametrize(
    "rubbish", [b"x" * 1000, b"x" * len(CONTENT), CONTENT + b"more"], ids=["short", "equal", "long"]
)
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "about"])
def test_a_part_that_is_not_of_this_file_is_dropped(
    server: Server, tmp_path: Path, rubbish: bytes, exact: bool
) -> None:
    (tmp_path / "a.tar.gz.part").write_bytes(rubbish)
    assert load(tmp_path, server.url, exact=exact) == CONTENT
    assert server.ranges[-1] is None


def test_a_server_that_is_restarted_is_waited_for(server: Server, tmp_path: Path) -> None:
    server.plan = [breaks_off(200_000)]
    again: list[Server] = []

    class Watcher(Quiet):
        def progress(self, what: str, done: int, total: int) -> None:
            if done == 200_000 and not again:
                server.stop()
                threading.Timer(0.3, lambda: again.append(Server(server.server_port))).start()
                again.append(server)

    patience = Patience(timeout_s=10.0, tries=8, pause_s=0.05)
    fetch(archive(server.url), tmp_path / "a.tar.gz", Watcher(), patience)
    again[1].stop()
    assert (tmp_path / "a.tar.gz").read_bytes() == CONTENT
    assert again[1].ranges == ["bytes=200000-"]


# ---- mirrors


REFUSALS: dict[str, tuple[list[Answer], str]] = {
    "404": ([says(404)], "404 Not Found"),
    "403": ([says(403)], "403"),
    "500": ([says(500)] * 3, "500 Internal Server Error, 3 times in a row"),
    "a page": ([says(200, b"<html>Please log in", Content_Type="text/html; charset=utf-8")], "a page for people"),
    "wrong bytes": ([wrong_bytes], "is not what was published (sha256:"),
    "announces less": ([announces(1000)], "has 1000 bytes where 600000 are published"),
    "announces more": ([announces(600_100)], "has 600100 bytes where 600000 are published"),
    "sends without end": ([never_ends], "is not what was published (sha256:"),
    "breaks off at nothing": ([breaks_off(0)] * 3, "breaks off, 3 times in a row"),
    "redirects in circles": ([says(302, Location="/a.tar.gz")] * 12, "302"),
    "redirects to a file of this machine": ([says(302, Location="file:///etc/hostname")], "not allowed"),
    "redirects to FTP": ([says(302, Location="ftp://127.0.0.1/a.tar.gz")] * 3, "unknown url type: ftp"),
}


@pytest.mark.parametrize(("plan", "fault"), REFUSALS.values(), ids=REFUSALS)
def test_the_next_mirror_is_taken_where_one_is_of_no_use(
    server: Server, tmp_path: Path, plan: list[Answer], fault: str
) -> None:
    server.plan = list(plan)
    sentence = refused(tmp_path, server.url)
    assert fault in sentence
    assert server.url in sentence
    assert "the same command tries again" in sentence

    server.plan, good = list(plan), Server()
    try:
        (tmp_path / "a.tar.gz.part").unlink(missing_ok=True)
        assert load(tmp_path, server.url, good.url) == CONTENT
    finally:
        good.stop()


def test_a_mirror_goes_on_with_what_another_began(server: Server, tmp_path: Path) -> None:
    good = Server()
    try:
        server.plan = [breaks_off(250_000), says(404)]
        assert load(tmp_path, server.url, good.url) == CONTENT
        assert good.ranges == ["bytes=250000-"]
    finally:
        good.stop()


def test_what_a_bad_mirror_began_is_loaded_anew_from_a_good_one(server: Server, tmp_path: Path) -> None:
    good = Server()
    try:
        server.content = bytes(len(CONTENT))
        server.plan = [breaks_off(250_000), says(404)]
        assert load(tmp_path, server.url, good.url) == CONTENT
        assert good.ranges == ["bytes=250000-", None]
    finally:
        good.stop()


def test_every_mirror_is_named_with_its_fault_and_the_part_is_kept(server: Server, tmp_path: Path) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # and not listening
    dead = f"http://127.0.0.1:{closed.getsockname()[1]}/a.tar.gz"
    server.plan = [breaks_off(250_000), says(410)]
    sentence = refused(tmp_path, dead, server.url)
    closed.close()
    assert f"{dead} cannot be loaded from" in sentence
    assert "3 times in a row" in sentence
    assert f"{server.url} answers 410 Gone" in sentence
    assert "250 kB are kept" in sentence
    assert (tmp_path / "a.tar.gz.part").read_bytes() == CONTENT[:250_000]


def test_a_piece_that_was_not_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz.part").write_bytes(CONTENT[:1000])
    server.plan = [sends_another_piece]
    assert "another piece" in refused(tmp_path, server.url)


def test_a_size_that_is_known_roughly_bounds_what_comes(server: Server, tmp_path: Path) -> None:
    server.plan = [never_ends]
    assert "sends more than" in refused(tmp_path, server.url, exact=False, size=1000)
    assert (tmp_path / "a.tar.gz.part").stat().st_size <= 1500 + 2**20
    server.plan = [announces(10**9)]
    assert "has 1000000000 bytes where about 1000 are published" in refused(
        tmp_path, server.url, exact=False, size=1000
    )


def test_without_a_digest_the_size_decides(server: Server, tmp_path: Path) -> None:
    server.plan = [announces(1000)]
    assert "has 1000 bytes" in refused(tmp_path, server.url, digest="")
    assert load(tmp_path, server.url, digest="") == CONTENT


def test_without_a_digest_nothing_leads_out_of_https() -> None:
    request = urllib.request.Request("https://example.org/a.tar.gz")
    rest = (None, 302, "Found", {}, "http://example.org/a.tar.gz")
    assert _Redirects(trusting=True).redirect_request(request, *rest) is not None
    with pytest.raises(Unusable, match="out of HTTPS"):
        _Redirects(trusting=False).redirect_request(request, *rest)
    assert _Redirects(trusting=False).redirect_request(request, *rest[:-1], "https://example.com/a") is not None


def test_md5_is_a_digest_too(server: Server, tmp_path: Path) -> None:
    assert load(tmp_path, server.url, digest=f"md5:{hashlib.md5(CONTENT).hexdigest()}") == CONTENT


def test_an_untrusted_certificate_is_not_tried_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def distrust(self: object, request: object, **options: object) -> None:
        calls.append(request)
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_message = "self-signed certificate"
        raise urllib.request.URLError(error)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", distrust)
    sentence = refused(tmp_path, "https://example.org/a.tar.gz")
    assert "not trusted here (self-signed certificate)" in sentence
    assert "SSL_CERT_FILE" in sentence
    assert len(calls) == 1


# ---- proxies


def test_a_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.rpartition("/")[0])
    assert load(tmp_path, "http://corpora.invalid/a.tar.gz") == CONTENT
    assert server.requests == [("http://corpora.invalid/a.tar.gz", None)]  # as a proxy is asked


def test_no_proxy_is_heeded(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert load(tmp_path, server.url) == CONTENT


# ---- the disk


def test_a_disk_that_fills_up_is_not_taken_for_a_bad_mirror(server: Server, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then write() fails as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, old[1]))
    try:
        with pytest.raises(OutputError, match=r"a\.tar\.gz\.part: cannot be written"):
            load(tmp_path, server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert len(server.requests) == 1
    assert load(tmp_path, server.url) == CONTENT
    assert server.ranges == [None, "bytes=300000-"]


# ---- a process that dies


CHILD = """
import sys
from pathlib import Path
from asr.downloads.archive import Archive
from asr.downloads.transfer import Patience, Unusable, _Redirects, fetch
from asr.downloads.report import Quiet
url, path, size, digest = sys.argv[1:]
fetch(Archive("all", "a.tar.gz", (url,), int(size), digest), Path(path), Quiet(), Patience())
"""


@pytest.mark.parametrize("blow", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_process_that_is_killed_leaves_what_it_had(server: Server, tmp_path: Path, blow: str) -> None:
    if os.name != "posix":
        pytest.skip("signals are POSIX's")
    server.plan = [stalls(400_000)]
    path, part = tmp_path / "a.tar.gz", tmp_path / "a.tar.gz.part"
    here = os.environ | {"PYTHONPATH": str(Path(asr.__file__).parents[1])}
    command = [sys.executable, "-c", CHILD, server.url, str(path), str(len(CONTENT)), DIGEST]
    with subprocess.Popen(command, env=here, stderr=subprocess.DEVNULL) as child:
        end = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size == 400_000):
            assert time.monotonic() < end
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(getattr(signal, blow))
    assert child.returncode == -getattr(signal, blow)
    assert os.listdir(tmp_path) == ["a.tar.gz.part"]
    assert load(tmp_path, server.url) == CONTENT
    assert server.ranges == [None, "bytes=400000-"]


# ---- an outside reader


@pytest.mark.skipif(shutil.which("curl") is None, reason="compares with curl")
def test_the_parts_are_those_of_curl(server: Server, tmp_path: Path) -> None:
    """What `curl -C -` has begun is gone on with, and the other way round: a part is the beginning of the file."""
    part = tmp_path / "a.tar.gz.part"
    server.plan = [breaks_off(100_000)]
    subprocess.run(["curl", "-s", "-C", "-", "-o", str(part), server.url], timeout=60, check=False)
    assert part.stat().st_size == 100_000
    server.plan = [breaks_off(100_000), says(404)]
    refused(tmp_path, server.url)
    subprocess.run(["curl", "-s", "-C", "-", "-o", str(part), server.url], timeout=60, check=True)
    assert part.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-", "bytes=200000-"]
