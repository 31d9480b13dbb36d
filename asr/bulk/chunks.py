"""Recordings in portions, so that each is big enough to be batched and small enough to be shared out and lost."""

from __future__ import annotations

from collections.abc import Sequence

from asr.cores import available_cores
from asr.inputs import Recording

MANY = 100  # recordings, from which on further processes are worth their start
ITEMS = 64
SIZE = 16_000_000  # bytes: eight minutes of 16-bit samples at 16 kHz, an hour or less of anything compressed
_EACH = 8  # chunks for each process, so that none waits long for the last


def jobs_for(count: int, threads: int | None) -> int:
    """Return how many processes hear `count` recordings the fastest, on all cores unless `threads` says how many.

    A process of one thread wastes nothing on waiting for other threads, but takes a second to start.
    """
    return 1 if count < MANY else threads or available_cores()


def chunked(recordings: Sequence[Recording], *, jobs: int = 1) -> list[list[Recording]]:
    """Return the recordings in their order, in chunks of some size; a long recording is one of its own."""
    most = ITEMS if jobs == 1 else max(1, min(ITEMS, len(recordings) // (jobs * _EACH)))
    chunks: list[list[Recording]] = []
    size = 0
    for recording in recordings:
        if not chunks or len(chunks[-1]) == most or size + recording.size > SIZE:
            chunks.append([])
            size = 0
        chunks[-1].append(recording)
        size += recording.size
    return chunks
