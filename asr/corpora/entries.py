"""From what a corpus lists to utterances: lengths are read from the files, and what is lost is said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from asr import audio
from asr.corpora.layout import named
from asr.errors import AudioError, CorpusError, MissingFile
from asr.types import Utterance

Length = float | AudioError | MissingFile  # in seconds, or why it is not known
Item = TypeVar("Item")
Result = TypeVar("Result")

_THREADS = 8  # more than cores: what they save is waiting for the disk
_CHUNK = 64  # files that a thread takes at a time
_HELD_OUT = 20  # of so many speakers one is for test, and one for dev


@dataclass(frozen=True, slots=True)
class Entry:
    """An utterance as a corpus lists it: a file and its text."""

    id: str
    audio: Path
    text: str
    speaker: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


def timed(entries: Sequence[Entry]) -> list[Utterance]:
    """Return the utterances in the same order, each as long as its file.

    Raises MissingFile, AudioError and MissingPackage for the first file that cannot be read or holds no sample.
    """
    lengths = durations([entry.audio for entry in entries])
    return [_utterance(entry, _known(length)) for entry, length in zip(entries, lengths, strict=True)]


def timed_where_readable(
    entries: Sequence[Entry], where: Path, *, share: float, stated: Mapping[str, float] | None = None
) -> list[Utterance]:
    """Return what `timed` returns without the utterances whose files cannot be read, which `leave_out` names.

    stated: lengths in seconds by id, whose files are not opened.
    """
    lengths: dict[str, Length] = dict(stated or {})
    unknown = [entry for entry in entries if entry.id not in lengths]
    lengths |= zip((entry.id for entry in unknown), durations([entry.audio for entry in unknown]), strict=True)
    lost = [entry.id for entry in entries if isinstance(lengths[entry.id], Exception)]
    leave_out(lost, where, "audio that cannot be read", of=len(entries), share=share)
    pairs = ((entry, lengths[entry.id]) for entry in entries)
    return [_utterance(entry, length) for entry, length in pairs if not isinstance(length, Exception)]


def durations(paths: Sequence[Path]) -> list[Length]:
    """Return the length of each file in seconds, or why it cannot be read; several are opened at the same time."""
    return at_once(_duration, paths)


def at_once(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return what a function that waits for the disk makes of each item, in order; several threads call it."""
    chunks = [items[first : first + _CHUNK] for first in range(0, len(items), _CHUNK)]
    with ThreadPoolExecutor(_THREADS) as threads:
        done = threads.map(lambda chunk: [function(item) for item in chunk], chunks)
        return [result for chunk in done for result in chunk]


def leave_out(names: Collection[str], where: Path, why: str, *, of: int, share: float = 1.0) -> None:
    """Name on standard error the utterances that are left out; CorpusError where they are more than a share of all."""
    if not names:
        return
    said = f"{where}: {why}: {len(names)} of {of} utterances ({named(names)})"
    if len(names) > share * of:
        raise CorpusError(f"{said}; no more than {share:.0%} are left out, so unpack the archive again")
    print(f"{said}; left out", file=sys.stderr)


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """Return names in the order of the SHA-256 of `seed:name`: the same on every machine and in every language."""
    return sorted(names, key=lambda name: sha256(f"{seed}:{name}".encode()).digest())


def by_speaker(entries: Sequence[Entry], where: Path, *, seed: int) -> dict[str, list[Entry]]:
    """Return train, dev and test: of the shuffled speakers the first twentieth is for test and the next for dev.

    Both are rounded up. Each split keeps the order of the entries. Raises CorpusError for fewer than three speakers.
    """
    speakers = shuffled({entry.speaker for entry in entries}, seed)
    if len(speakers) < 3:
        raise CorpusError(f"{where}: has {len(speakers)} speakers, and train, dev and test need one each; unpack more")
    held_out = -(-len(speakers) // _HELD_OUT)
    split_of = dict.fromkeys(speakers, "train")
    split_of |= dict.fromkeys(speakers[:held_out], "test") | dict.fromkeys(speakers[held_out : 2 * held_out], "dev")
    splits: dict[str, list[Entry]] = {"train": [], "dev": [], "test": []}
    for entry in entries:
        splits[split_of[entry.speaker]].append(entry)
    return splits


def _duration(path: Path) -> Length:
    try:
        duration_s = audio.duration_s(path)
    except (AudioError, MissingFile) as error:
        return error
    return duration_s or AudioError(f"{path}: no samples (the file ends after its header); re-copy it")


def _known(length: Length) -> float:
    if isinstance(length, Exception):
        raise length
    return length


def _utterance(entry: Entry, duration_s: float) -> Utterance:
    return Utterance(entry.id, entry.audio, entry.text, duration_s, entry.speaker, extra=entry.extra)
