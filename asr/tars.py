"""Files inside tar archives: `shards/train-000000.tar/a.flac` names the member a.flac, as if the archive were a folder.

Nothing is unpacked: a member is read where it lies, found by an index of its archive that is made when first needed.
"""

from __future__ import annotations

import io
import mmap
import os
import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from asr.errors import AudioError, MissingFile

SUFFIX = ".tar"
_INSIDE = tuple({SUFFIX + "/", SUFFIX + os.sep})
_KEPT = 4096  # indexes of archives, of some 60 bytes a member
_BUFFER = 1 << 20  # bytes of a member that are read ahead; most are read whole so


class _Member(io.RawIOBase):
    """The bytes of an archive from `first` on, as a file."""

    def __init__(self, archive: Path, first: int, size: int) -> None:
        self._file = open(archive, "rb", buffering=0)  # noqa: SIM115  # closed with this
        self._first, self._size, self._at = first, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, (0, self._at, self._size)[whence] + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._first + self._at)
        count = self._file.readinto(memoryview(buffer)[: max(0, self._size - self._at)])
        self._at += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Index(NamedTuple):
    """Where the members of an archive lie, in the order of their names."""

    names: npt.NDArray[np.bytes_]
    offsets: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    def place(self, member: str) -> int | None:
        name = np.bytes_(member.encode(errors="surrogateescape"))
        place = int(np.searchsorted(self.names, name, side="right")) - 1  # the last of equal names, as tar unpacks
        return place if place >= 0 and self.names[place] == name else None


def split(path: str | Path) -> tuple[Path, str] | None:
    """Return the archive and the member that a path names, or None for a path that leads into no archive."""
    if not any(mark in str(path) for mark in _INSIDE):
        return None
    path = Path(path)
    archive = next((folder for folder in path.parents if folder.suffix == SUFFIX and folder.is_file()), None)
    return None if archive is None else (archive, path.relative_to(archive).as_posix())


def is_file(path: str | Path) -> bool:
    """Say whether a path names a file or a member of an archive; raises AudioError for a damaged archive."""
    found = split(path)
    return Path(path).is_file() if found is None else _index(found[0]).place(found[1]) is not None


def members(archive: Path) -> Iterator[str]:
    """Yield the paths of all files in an archive, sorted; raises AudioError for a damaged one."""
    return (f"{archive}/{name.decode(errors='surrogateescape')}" for name in _index(archive).names)


def readable(path: str | Path) -> str | Path | BinaryIO:
    """Return what a decoder can open: the path of a file as it is, a member as an open file."""
    return path if split(path) is None else opened(path)


def opened(path: str | Path) -> BinaryIO:
    """Open a file or a member of an archive for reading.

    Raises OSError for a file that cannot be opened, MissingFile for a member that is not there, AudioError for an
    archive that is damaged.
    """
    found = split(path)
    if found is None:
        return open(path, "rb")
    archive, first, size = _place(*found)
    # A reader of a raw file is all of BinaryIO that is for reading.
    return cast(BinaryIO, io.BufferedReader(_Member(archive, first, size), max(1, min(size, _BUFFER))))


def size(path: str | Path) -> int:
    """Return the bytes of a file or of a member of an archive; raises as `opened`."""
    found = split(path)
    return os.stat(path).st_size if found is None else _place(*found)[2]


def mapped(path: str | Path) -> bytes | mmap.mmap:
    """Return the content of a file, which is mapped and not read, or of a member of an archive; raises as `opened`."""
    found = split(path)
    if found is not None:
        archive, first, count = _place(*found)
        with open(archive, "rb") as file:
            file.seek(first)
            return file.read(count)
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _place(archive: Path, member: str) -> tuple[Path, int, int]:
    """Return the archive, the first byte of a member in it, and how many it has."""
    index = _index(archive)
    place = index.place(member)
    if place is None:
        raise MissingFile(f"{archive}/{member}: the archive has no such member; check the name")
    return archive, int(index.offsets[place]), int(index.sizes[place])


def _index(archive: Path) -> _Index:
    stat = archive.stat()
    return _index_of(archive, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _index_of(archive: Path, size: int, changed_ns: int) -> _Index:
    try:
        with tarfile.open(archive, "r:") as file:
            rows = [(_name(info), info.offset_data, info.size) for info in file if info.isreg()]
    except tarfile.TarError as error:
        raise AudioError(f"{archive}: is no tar archive, or is cut short ({error}); pack or copy it again") from error
    names = np.array([name for name, _, _ in rows], dtype=np.bytes_)
    order = np.argsort(names, kind="stable")
    offsets, sizes = (np.array([row[column] for row in rows], dtype=np.int64) for column in (1, 2))
    return _Index(names[order], offsets[order], sizes[order])


def _name(info: tarfile.TarInfo) -> bytes:
    return info.name.removeprefix("./").encode(errors="surrogateescape")
