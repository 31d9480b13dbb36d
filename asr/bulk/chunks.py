"""Recordings in portions, so that each is big enough to be batched and small enough to be shared out and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from asr.bulk.hearing import Heard
from asr.cores import available_cores
from asr.inputs import Recording

MANY = 100  # recordings, from which on further processes are worth their start
ITEMS = 64
SIZE = 16_000_000  # bytes: eight minutes of 16-bit samples at 16 kHz, an hour or less of anything compressed
_EACH = 8  # chunks for each process, so that none waits long for the last

Chunks = list[list[Recording]]


def jobs_for(count: int, threads: int | None) -> int:
    """Return how many processes hear `count` recordings the fastest, on all cores unless `threads` says how many.

    A process of one thread wastes nothing on waiting for other threads, but takes a second to start.
    """
    return 1 if count < MANY else threads or available_cores()


def chunked(recordings: Sequence[Recording], *, jobs: int = 1) -> Chunks:
    """Return the recordings in their order, in chunks of some size; a long recording is one of its own."""
    most = ITEMS if jobs == 1 else max(1, min(ITEMS, len(recordings) // (jobs * _EACH)))
    chunks: Chunks = []
    size = 0
    for recording in recordings:
        if not chunks or len(chunks[-1]) == most or size + recording.size > SIZE:
            chunks.append([])
            size = 0
        chunks[-1].append(recording)
        size += recording.size
    return chunks


def shared_out(
    recordings: Sequence[Recording], hear: Callable[[Chunks], Iterator[Heard]], *, jobs: int, by_length: bool
) -> Iterator[Heard]:
    """Yield what `hear` makes of the chunks for `jobs` processes, in which order it may.

    by_length: in the order in which they are done, the longest begun first; else in that of the recordings.
    """
    if by_length:
        return hear(chunked(sorted(recordings, key=_size, reverse=True), jobs=jobs))
    return in_order(hear(chunked(recordings, jobs=jobs)), recordings)


def _size(recording: Recording) -> int:
    return recording.size


def in_order(results: Iterator[Heard], recordings: Sequence[Recording]) -> Iterator[Heard]:
    """Yield the results in the order of their recordings."""
    early: dict[Recording, Heard] = {}
    for recording in recordings:
        while recording not in early:
            heard = next(results)
            early[heard.recording] = heard
        yield early.pop(recording)
