"""Many recordings by several processes, each with a recogniser of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from asr.bulk.chunks import Chunks, shared_out
from asr.bulk.hearing import Heard
from asr.bulk.workers import Workers
from asr.inputs import Reading, Recording
from asr.inputs.reading import with_stdin


def transcribed_by_processes(
    recordings: Sequence[Recording],
    reading: Reading,
    *,
    jobs: int,
    by_length: bool = False,
    timed: bool = False,
    **settings: Any,
) -> Iterator[Heard]:
    """Yield what `asr.bulk.transcribed` does, heard by `jobs` processes; settings: of each one's Recognizer.

    A process has one thread unless `threads` says more. by_length: in the order in which they are done, the longest
    begun first; else in their own. A process that dies is replaced, and the recording that it died of is said to be
    wrong. Raises what making a Recognizer raises.
    """
    with ExitStack() as stack:
        reading = with_stdin(recordings, reading, stack)

        def heard(chunks: Chunks) -> Iterator[Heard]:
            count = min(jobs, len(chunks))
            workers = stack.enter_context(Workers(count, reading, {"threads": 1} | settings, timed=timed))
            return workers.results(chunks)

        yield from shared_out(recordings, heard, jobs=jobs, by_length=by_length)
