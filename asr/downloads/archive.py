"""The noun of the downloads: one archive of a corpus, where it is, and how it is known to be the right one."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Archive:
    """One published file of a corpus."""

    part: str  # what `--splits` calls it
    file: str
    urls: tuple[str, ...]  # tried in this order
    size: int  # bytes
    digest: str = ""  # "md5:..." or "sha256:..."; empty where nobody has published one: then the size alone is checked
    origin: str = ""  # who published the digest
    exact: bool = True  # whether the size is known to the byte, and not as the publisher's page rounds it
    grows: float = 1.1  # unpacked bytes / bytes of the archive, an upper estimate
    into: str = ""  # the folder for the content of an archive that has none of its own
    nested: str = ""  # a pattern of the archives inside, which are unpacked where they lie
    splits: tuple[str, ...] = ()  # the manifests that are made from it; empty: it is no choice of splits
    default: bool = True  # whether it is loaded where nothing is chosen

    @property
    def unpacked_size(self) -> int:
        return round(self.size * self.grows)

    def mirrored(self, mirrors: tuple[str, ...]) -> Archive:
        """Return the same archive, to be looked for below the given addresses first."""
        return replace(self, urls=(*(f"{mirror.rstrip('/')}/{self.file}" for mirror in mirrors), *self.urls))


def digest_of(path: Path, algorithm: str) -> str:
    """Return a file's digest in the form that the tables have: `"md5:..."`."""
    with path.open("rb") as file:
        # Not for security alone: systems with FIPS forbid MD5 otherwise.
        new = functools.partial(hashlib.new, algorithm, usedforsecurity=False)
        return f"{algorithm}:{hashlib.file_digest(file, new).hexdigest()}"


def fault_of(path: Path, archive: Archive) -> str:
    """Return what is wrong with a loaded archive, or nothing."""
    size = path.stat().st_size
    if archive.exact and size != archive.size:
        return f"has {size} bytes where {archive.size} are published"
    if archive.digest and (found := digest_of(path, archive.digest.partition(":")[0])) != archive.digest:
        return f"is not what was published ({found} instead of {archive.digest})"
    return ""
