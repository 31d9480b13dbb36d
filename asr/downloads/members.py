"""What is in an archive, tar or zip alike: files, folders and links, by names that stay below a folder."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Literal, cast

from asr.errors import CorpusError

CHUNK = 1 << 20  # bytes
# What the readers of Python raise for archives that are cut short, altered, or packed in ways that they do not know.
DAMAGE = (
    *(EOFError, OSError, ValueError, RuntimeError, zlib.error, lzma.LZMAError),
    *(tarfile.TarError, zipfile.BadZipFile),
)


Kind = Literal["file", "folder", "link"]


@dataclass(frozen=True, slots=True)
class Member:
    """A file, a folder or a link, by a name that does not lead out of where it is unpacked."""

    archive: Path
    name: PurePosixPath
    kind: Kind
    position: int  # bytes of the archive that came before
    content: IO[bytes] | None = None  # of a file
    target: PurePosixPath | None = None  # of a link: the name of another member, None for one that leads out

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of a file; to be read before the next member is asked for."""
        assert self.content is not None
        with _reading(self.archive), self.content as content:
            while piece := content.read(CHUNK):
                yield piece


def members(path: Path, limit: int) -> Iterator[Member]:
    """Yield what is in an archive, in its order; `limit`: bytes that it may unpack to, its own bookkeeping included.

    Raises CorpusError for an archive that is damaged, larger, or holds what has no business in a corpus: names that
    lead elsewhere, devices.
    """
    with _reading(path), path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        yield from _zip_members(path, file) if is_zip else _tar_members(path, file, limit)


def _zip_members(path: Path, file: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)
            if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise CorpusError(f"{path}: holds {info.filename!r}, which is no file or folder; {_ELSEWHERE}")
            name = _safe(info.filename, path)
            if info.is_dir():
                yield Member(path, name, "folder", info.header_offset)
            else:
                yield Member(path, name, "file", info.header_offset, archive.open(info))


def _tar_members(path: Path, file: IO[bytes], limit: int) -> Iterator[Member]:
    stream = _Limited(_unpacked(file), limit, path)
    readable = cast(IO[bytes], stream)  # which is read alone
    with tarfile.open(fileobj=readable, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would grow with every one of millions
            name = _safe(info.name, path)
            if info.issym() or info.islnk():
                yield Member(path, name, "link", file.tell(), target=_target(info))
                continue
            _check(info, path)
            kind: Kind = "folder" if info.isdir() else "file"
            yield Member(path, name, kind, file.tell(), archive.extractfile(info))
    while stream.read(CHUNK):  # up to the checksum at the very end
        pass


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    start = file.read(5)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if start == b"\xfd7zXZ" else file


class _Limited:
    """A stream of which no more than a number of bytes can be read: what is small packed may be endless unpacked."""

    def __init__(self, stream: IO[bytes], limit: int, path: Path) -> None:
        self._stream, self._left, self._path = stream, limit, path

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise CorpusError(f"{self._path}: unpacks to far more than its size lets expect; {_ELSEWHERE}")
        return piece


_ELSEWHERE = "nothing of it is kept; remove it and load it from elsewhere"


def _safe(name: str, path: Path) -> PurePosixPath:
    """Return a member's name as a relative path; one that is not UTF-8 is read as Latin-1, byte by byte."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = name.encode("utf-8", errors="surrogateescape").decode("latin-1")
    if _leads_out(name):
        raise CorpusError(f"{path}: holds {name!r}, a name that leads out of the folder; {_ELSEWHERE}")
    return PurePosixPath(name)


def _leads_out(name: str) -> bool:
    windows = PureWindowsPath(name)  # which knows "/" as well
    return bool(windows.drive or windows.root or ".." in windows.parts or "\0" in name)


def _check(info: tarfile.TarInfo, path: Path) -> None:
    """Refuse devices and whatever else Python's own filter for data refuses (where it is there: from 3.11.4 on)."""
    if not (info.isreg() or info.isdir()):
        raise CorpusError(f"{path}: holds {info.name!r}, a device; {_ELSEWHERE}")
    check = getattr(tarfile, "data_filter", None)
    try:
        if check is not None:
            check(info, str(path.parent))
    except tarfile.TarError as error:
        raise CorpusError(f"{path}: {error}; {_ELSEWHERE}") from error


def _target(info: tarfile.TarInfo) -> PurePosixPath | None:
    """Return the name of the member that a link leads to: hard links count from the top, others from where they are."""
    start = "" if info.islnk() else posixpath.dirname(info.name)
    name = posixpath.normpath(posixpath.join(start, info.linkname))
    return None if _leads_out(name) else PurePosixPath(name)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except CorpusError:
        raise
    except DAMAGE as error:
        raise CorpusError(f"{path}: is damaged ({error}); remove it and load it again") from error
