"""A manifest of any size: its lines stay on the disk, and of each a few numbers in memory."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from array import array
from bisect import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from asr.errors import ManifestError, OutputError
from asr.manifest.checks import AudioFiles, Ids
from asr.manifest.entry import parsed
from asr.manifest.reading import refuse_missing, refuse_repeated
from asr.manifest.shards import decoded, opened, plain, raw_blocks, shards
from asr.types import Utterance

_json = partial(from_json, cache_strings="keys")  # values hardly come twice, and looking for them takes time


class _Shard(NamedTuple):
    path: Path
    lines: Path  # the file itself, or what was compressed in it
    stamp: tuple[int, int]  # bytes and time of the last change
    first: int  # row


class _Columns(NamedTuple):
    """What is noted of some lines."""

    ids: list[str]
    audio: list[str]
    texts: list[str]
    durations_s: list[float]
    offsets: list[int]


class Index(Sequence[Utterance]):
    """The utterances of a manifest, each read from the disk when it is asked for, and `durations_s` [N] of all.

    Made by `Scan`, which has checked every line. Raises ManifestError where the file has changed since.
    """

    def __init__(
        self,
        parts: Sequence[_Shard],
        offsets: array[int],
        durations_s: array[float],
        unpacked: _Unpacked,
    ) -> None:
        self.durations_s: npt.NDArray[np.float64] = np.frombuffer(durations_s) if durations_s else np.empty(0)
        self.durations_s.flags.writeable = False
        self._parts, self._offsets, self._unpacked = parts, offsets, unpacked
        self._firsts = [part.first for part in parts]

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, row: int) -> Utterance: ...
    @overload
    def __getitem__(self, row: slice) -> list[Utterance]: ...
    def __getitem__(self, row: int | slice) -> Utterance | list[Utterance]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        row = range(len(self))[row]
        part = self._parts[bisect(self._firsts, row) - 1]
        if _stamp(part.lines) != part.stamp:
            raise ManifestError(f"{part.path}: has changed since it was opened; start again")
        offset = self._offsets[row]
        with open(part.lines, "rb") as file:
            file.seek(offset)
            raw = file.readline()
        where = f"{part.path}: the line at byte {offset}"
        return parsed(decoded(raw, where, first=offset == 0), part.path.parent, where)


class Scan:
    """One pass over a manifest too large for a list: it gives all texts, and then the index of the lines.

    Compressed shards are unpacked into a temporary folder, which is there as long as the scan or its index.
    """

    def __init__(self, path: str | Path, *, check_audio: bool = True) -> None:
        self.path, self.check_audio = Path(path), check_audio
        self._ids, self._audio_files = Ids(), AudioFiles()
        self._offsets, self._durations_s = array("q"), array("d")
        self._parts: list[_Shard] = []
        self._unpacked = _Unpacked()

    def texts(self) -> Iterator[list[str]]:
        """Yield the texts in the order of the lines, many at a time.

        Raises what `read` raises: for ids and audio files after the last line, for the rest before the text.
        """
        for path in shards(self.path):
            lines = path if plain(path) else self._unpacked.copy_of(path)
            self._parts.append(_Shard(path, lines, _stamp(lines), len(self._offsets)))
            folder = str(path.parent)
            for columns in _columns(path, lines):
                self._ids.add(columns.ids)
                if self.check_audio:
                    self._audio_files.add([a if a[0] == "/" else f"{folder}/{a}" for a in columns.audio])
                self._offsets.extend(columns.offsets)
                self._durations_s.extend(columns.durations_s)
                yield columns.texts
        refuse_repeated(self.path, self._ids)
        self._ids = Ids()  # eight megabytes a million, which are of no more use
        refuse_missing(self.path, self._audio_files, self.index)
        self._audio_files = AudioFiles()

    def index(self) -> Index:
        """Return the index of the lines whose texts were taken."""
        return Index(self._parts, self._offsets, self._durations_s, self._unpacked)


def indexed(path: str | Path, *, check_audio: bool = True) -> Index:
    """Return the index of a manifest, of which every line is checked; raises what `read` raises."""
    scan = Scan(path, check_audio=check_audio)
    deque(scan.texts(), maxlen=0)
    return scan.index()


class _Unpacked:
    """A temporary folder with what was compressed, removed with this object."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def copy_of(self, shard: Path) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="asr-manifest-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._count += 1
        copy = self._folder / f"{self._count}.jsonl"
        with opened(shard) as source:
            try:
                with open(copy, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
            except OSError as error:
                raise OutputError(
                    f"{copy}: no room for the lines of {shard} ({error.strerror}); set TMPDIR to a larger disk"
                ) from error
        return copy


def _stamp(path: Path) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns


def _columns(shard: Path, lines: Path) -> Iterator[_Columns]:
    """Yield the columns of a shard in blocks of lines, which are checked as a whole: one by one where that fails."""
    passed, offset = 0, 0
    for block in raw_blocks(lines):
        starts = list(accumulate(map(len, block), initial=offset))
        offset = starts.pop()
        yield _checked_together(block, starts) or _checked_singly(block, starts, shard, passed)
        passed += len(block)


def _checked_together(block: list[bytes], starts: list[int]) -> _Columns | None:
    """Return the columns of lines that are faultless, none of them blank; None where any is not, or may not be."""
    try:
        # At once, which takes a quarter less time. Broken lines that make whole ones together are found when read.
        values = _json(b"[" + b",".join(block) + b"]")
        if len(values) != len(block):
            return None
        ids, audio, texts = ([value[key] for value in values] for key in ("id", "audio", "text"))
        speakers = [value.get("speaker", "") for value in values]
        durations_s = [value["duration_s"] for value in values]
        starts_s = [value.get("start_s", 0.0) for value in values]
        good = (
            set(map(type, chain(ids, audio, texts, speakers))) == {str}
            and "".join(ids).split() == ["".join(ids)]  # no white space in any
            and all(ids)
            and all(audio)
            and set(map(type, chain(durations_s, starts_s))) <= {int, float}
            and _possible(durations_s)
            and _possible(starts_s)
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    return _Columns(ids, audio, texts, durations_s, starts) if good else None


def _possible(seconds: list[float]) -> bool:
    array = np.array(seconds, dtype=np.float64)
    return bool(((array >= 0) & (array <= sys.float_info.max)).all())


def _checked_singly(block: list[bytes], starts: list[int], shard: Path, passed: int) -> _Columns:
    columns = _Columns([], [], [], [], [])
    for number, (raw, start) in enumerate(zip(block, starts, strict=True), start=passed + 1):
        where = f"{shard}:{number}"
        if line := decoded(raw, where, first=number == 1).strip():
            utterance = parsed(line, Path(), where)
            row = (utterance.id, str(utterance.audio), utterance.text, utterance.duration_s, start)
            for column, value in zip(columns, row, strict=True):
                column.append(value)  # type: ignore[attr-defined]  # each its own
    return columns
