"""Recordings at http and https addresses, loaded within bounds."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from asr.downloads.transfer import CHUNK, HEADERS, Unusable, opener
from asr.errors import AsrError, ConfigError, DownloadError
from asr.files import writing

_MB = 10**6


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may take at most; raises ConfigError for what lets nothing through."""

    size_mb: float = 2000.0
    time_s: float = 3600.0
    idle_s: float = 30.0  # without a byte

    def __post_init__(self) -> None:
        for name in ("size_mb", "time_s", "idle_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"limits of addresses: {name} is {getattr(self, name):g}; give more than 0")


def load(url: str, path: Path, limits: Limits) -> None:
    """Write what is at an address to a file.

    Redirects are followed, but not out of HTTPS, and to no files of this machine. Raises DownloadError, which says why
    it cannot be had or is not wanted, and OutputError where the disk is full.
    """
    try:
        request = urllib.request.Request(url, headers=HEADERS)
        with opener(trusting=False).open(request, timeout=limits.idle_s) as response:
            _copy(url, response, path, limits)
    except AsrError:
        raise
    except urllib.error.HTTPError as error:
        with error:
            reason = " ".join(f"{error.code} {error.reason}".split())  # of redirects in circles it has several lines
        raise DownloadError(f"{url}: answers {reason}; check the address") from error
    except TimeoutError as error:
        raise DownloadError(f"{url}: sends nothing for {limits.idle_s:g} s; try again later") from error
    except Unusable as error:
        raise DownloadError(f"{url}: {error}; load it by other means") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise DownloadError(f"{url}: cannot be loaded ({reason}); check the address and the network") from error


def _copy(url: str, response: http.client.HTTPResponse, path: Path, limits: Limits) -> None:
    if (response.headers.get("Content-Type") or "").startswith("text/html"):
        raise DownloadError(f"{url}: answers with a page for people; name the address of the audio itself")
    stated = int(response.headers.get("Content-Length") or 0)
    if stated > limits.size_mb * _MB:
        raise DownloadError(f"{url}: has {stated / _MB:.0f} MB, more than {limits.size_mb:g}; raise --url-mb")
    end_s = time.monotonic() + limits.time_s
    done = 0
    with writing(path):
        file = path.open("wb")
    with file:
        while chunk := response.read1(CHUNK):
            done += len(chunk)
            if done > limits.size_mb * _MB:
                raise DownloadError(f"{url}: sends more than {limits.size_mb:g} MB; raise --url-mb if it has an end")
            if time.monotonic() > end_s:
                raise DownloadError(f"{url}: takes more than {limits.time_s:g} s; raise --url-s if it has an end")
            with writing(path):
                file.write(chunk)
    if done < stated:
        raise DownloadError(f"{url}: breaks off after {done} of {stated} bytes; try again")
