"""What is checked of all lines together: that no two share an id, and that their audio files are there."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr import tars

Hashes = npt.NDArray[np.int64]
_CHUNK = 1 << 16  # of hashes that are looked up together, to keep what that takes small


class Ids:
    """Ids, remembered in eight bytes each."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, ids: Iterable[str]) -> None:
        self._hashes.extend(map(hash, ids))

    def repeated(self) -> set[int]:
        """Return the hashes that came twice: those of repeated ids, and hardly ever of others."""
        hashes = _as_array(self._hashes)
        hashes.sort()
        return set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())


class AudioFiles:
    """Paths of audio files, remembered in eight bytes each."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._folders: set[str] = set()

    def add(self, paths: Sequence[str]) -> None:
        self._hashes.extend(map(hash, paths))
        self._folders.update({path.rpartition("/")[0] for path in paths})

    def missing(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the paths that no listing of their folders has, which may be there by another name.

        Listing the folders asks the disk far less often than looking for each file would.
        """
        hashes = array("q")
        for paths in _listed(self._folders):
            hashes.extend(map(hash, paths))
        there, wanted = _as_array(hashes), _as_array(self._hashes)
        there.sort()
        if not len(there):
            return np.arange(len(wanted))
        found = [_contained(wanted[start : start + _CHUNK], there) for start in range(0, len(wanted), _CHUNK)]
        return np.flatnonzero(~np.concatenate([*found, np.empty(0, bool)]))


def _contained(wanted: Hashes, there: Hashes) -> npt.NDArray[np.bool_]:
    order = np.argsort(wanted)  # neighbours are found close to each other, which the cache likes
    found = np.empty(len(wanted), bool)
    found[order] = there[np.searchsorted(there[:-1], wanted[order])] == wanted[order]
    return found


def _as_array(hashes: array[int]) -> Hashes:
    return np.frombuffer(hashes, np.int64) if hashes else np.empty(0, np.int64)


def _listed(folders: Iterable[str]) -> Iterator[Iterable[str]]:
    """Yield the paths of the files in each of the folders; an archive is a folder too."""
    archives: set[Path] = set()
    for folder in folders:
        if found := tars.split(f"{folder}/_"):
            archives.add(found[0])
        else:
            yield _files(folder)
    for archive in archives:
        yield tars.members(archive)


def _files(folder: str) -> list[str]:
    try:
        with os.scandir(folder or "/") as entries:
            return [entry.path for entry in entries if entry.is_file()]
    except OSError:  # what cannot be listed is looked for file by file
        return []
