"""One file over HTTP: gone on with where it broke off, from the first mirror that has it, checked before it is there.

What has come so far is kept in `<file>.part`, whatever ends the process; only a file that is whole and has the
published size and digest gets its name. The connection is Python's own `urllib.request`, which takes proxies from the
environment.
"""

from __future__ import annotations

import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asr.downloads.archive import Archive, fault_of
from asr.downloads.report import Report, amount
from asr.errors import AsrError, DownloadError
from asr.files import writing

CHUNK = 1 << 18  # bytes
LONGEST_PAUSE_S = 60.0
# An identity of our own, since some servers turn Python's away; and the bytes of the archive, not packed once more.
HEADERS = {"User-Agent": "bilstm-asr", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a mirror is waited for."""

    timeout_s: float = 30.0  # without a byte, before a connection is given up
    tries: int = 5  # in a row that bring nothing new, before a mirror is given up
    pause_s: float = 1.0  # before the second; twice as long before each further one


class Unusable(Exception):
    """An address that does not have the file; trying it again is of no use."""


def fetch(archive: Archive, path: Path, report: Report, patience: Patience) -> None:
    """Load an archive to `path`, going on with `<path>.part` where there is one.

    Raises DownloadError, which names what is wrong with each mirror, and OutputError where the disk is full.
    """
    part = path.with_name(f"{path.name}.part")
    refusals = []
    for url in archive.urls:
        report.note(f"{archive.file}: loading from {url}")
        fault = _load_whole(url, part, archive, report, patience)
        if not fault:
            with writing(part), part.open("rb+") as file:
                os.fsync(file.fileno())
            with writing(path):
                part.replace(path)
            return
        refusals.append(f"{url} {fault}")
        report.note(refusals[-1])
    kept = f", {amount(_size(part))} are kept" if _size(part) else ""
    raise DownloadError(
        f"{archive.file}: not loaded ({'; '.join(refusals)}); the same command tries again{kept}, or load it by other "
        f"means to {path}"
    )


def _load_whole(url: str, part: Path, archive: Archive, report: Report, patience: Patience) -> str:
    """Load from one mirror and check; return what is wrong, or nothing.

    What was begun elsewhere and turns out wrong is loaded once more from the beginning.
    """
    fault = ""
    for _ in range(2):
        begun = _size(part) > 0
        try:
            _load(url, part, archive, report, patience)
        except Unusable as error:
            return str(error)
        fault = fault_of(part, archive)
        if not fault:
            return ""
        part.unlink()
        if not begun:
            break
    return fault


def _load(url: str, part: Path, archive: Archive, report: Report, patience: Patience) -> None:
    """Load from one mirror until the file is as long as it says, through broken connections."""
    furthest, idle = _size(part), 0
    while True:
        asked_pause_s = 0.0
        try:
            if _transfer(url, part, archive, report, patience.timeout_s):
                return
            fault = "breaks off"
        except AsrError:
            raise
        except urllib.error.HTTPError as error:
            fault, asked_pause_s = _http_fault(error)
        except (OSError, http.client.HTTPException) as error:
            fault = _fault(error, patience.timeout_s)
        idle = 0 if _size(part) > furthest else idle + 1
        furthest = max(furthest, _size(part))
        if idle >= patience.tries:
            raise Unusable(f"{fault}, {idle} times in a row")
        time.sleep(min(max(patience.pause_s * 2 ** max(idle - 1, 0), asked_pause_s), LONGEST_PAUSE_S))


def _transfer(url: str, part: Path, archive: Archive, report: Report, timeout_s: float) -> bool:
    """Load what is missing over one connection and say whether that is all."""
    start = _size(part)
    if archive.exact and start >= archive.size:
        return True  # the check of the size will tell
    headers = HEADERS | ({"Range": f"bytes={start}-"} if start else {})
    try:
        with opener(trusting=bool(archive.digest)).open(
            urllib.request.Request(url, headers=headers), timeout=timeout_s
        ) as response:
            total = _announced(response, start, archive)
            _store(response, part, start if response.status == 206 else 0, total, archive, report)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:  # nothing there beyond what has come
            return _after_the_end(error, part, start)
        raise
    return _size(part) >= total


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not out of HTTPS where nothing else vouches for what comes."""

    def __init__(self, *, trusting: bool) -> None:
        self.trusting = trusting

    def redirect_request(self, req: urllib.request.Request, *rest: Any) -> urllib.request.Request | None:
        address = str(rest[-1])
        if not self.trusting and req.type == "https" and not address.startswith("https:"):
            raise Unusable(f"leads to {address}, out of HTTPS, and there is no digest to check what comes from there")
        return super().redirect_request(req, *rest)


def opener(*, trusting: bool) -> urllib.request.OpenerDirector:
    """Return what opens HTTP and HTTPS, and neither files nor FTP, through the proxies of the environment."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        _Redirects(trusting=trusting),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        director.add_handler(handler)
    return director


def _after_the_end(error: urllib.error.HTTPError, part: Path, start: int) -> bool:
    """Return true if all had come before; else drop it, since it is longer than the file."""
    if (error.headers.get("Content-Range") or "").rpartition("/")[2] == str(start):
        return True
    part.unlink()
    return False


def _announced(response: http.client.HTTPResponse, start: int, archive: Archive) -> int:
    """Return how long the whole file is to be, 0 if the server does not say; refuse what cannot be the archive."""
    if (response.headers.get("Content-Type") or "").startswith("text/html"):
        raise Unusable("answers with a page for people instead of the archive")
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range") or "")
        if match is None or int(match[1]) != start:
            raise Unusable("sends another piece of the file than it was asked for")
        total = 0 if match[2] == "*" else int(match[2])
    else:
        total = int(response.headers.get("Content-Length") or 0)
    if total and (total != archive.size if archive.exact else total > _limit(archive)):
        about = "" if archive.exact else "about "
        raise Unusable(f"has {total} bytes where {about}{archive.size} are published")
    return total or (archive.size if archive.exact else 0)


def _limit(archive: Archive) -> int:
    """Return the most bytes that may come; a rounded size is at least two thirds of the true one."""
    return archive.size if archive.exact else archive.size * 3 // 2 + 2**20


def _store(
    response: http.client.HTTPResponse, part: Path, start: int, total: int, archive: Archive, report: Report
) -> None:
    """Write what comes behind the first `start` bytes of the part, piece by piece as it comes."""
    with writing(part):
        file = part.open("ab" if start else "wb")
    with file:
        done = start
        report.progress(archive.file, done, total or archive.size)
        while chunk := response.read1(min(CHUNK, _limit(archive) - done)):
            done += len(chunk)
            with writing(part):
                file.write(chunk)
                file.flush()
            report.progress(archive.file, done, total or archive.size)
    if done >= _limit(archive) and not archive.exact:
        raise Unusable(f"sends more than {done} bytes where about {archive.size} are published")


def _http_fault(error: urllib.error.HTTPError) -> tuple[str, float]:
    """Return what an error of the server means and how long it asks to wait; what is for good is refused."""
    error.close()
    fault = " ".join(f"answers {error.code} {error.reason}".split())  # of redirects in circles it has several lines
    if error.code < 500 and error.code not in (408, 425, 429):
        raise Unusable(fault) from error
    pause = error.headers.get("Retry-After") or ""
    return fault, float(pause) if pause.isdecimal() else 0.0


def _fault(error: OSError | http.client.HTTPException, timeout_s: float) -> str:
    """Return why a connection failed; an untrusted certificate is refused for good."""
    reason = getattr(error, "reason", error)  # of URLError, what it wraps
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise Unusable(
            f"has a certificate that is not trusted here ({reason.verify_message}); set SSL_CERT_FILE to a file of "
            "trusted certificates, such as that of 'python -m certifi'"
        ) from error
    if isinstance(reason, TimeoutError):
        return f"sends nothing for {timeout_s:g} s"
    return f"cannot be loaded from ({getattr(reason, 'strerror', None) or reason or type(reason).__name__})"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
