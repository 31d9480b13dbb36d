"""Many recordings: heard as they come, by one process or several, whatever is wrong with some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from asr.bulk.chunks import chunked
from asr.bulk.hearing import Heard, hear
from asr.inputs import Reading, Recording
from asr.inputs.reading import with_stdin
from asr.recognizer import Recognizer

__all__ = ["Heard", "transcribed"]


def transcribed(
    recordings: Sequence[Recording], recognizer: Recognizer, reading: Reading, *, timed: bool = False
) -> Iterator[Heard]:
    """Yield each recording with what is said in it or what is wrong with it, in their order, in this process.

    timed: say how long each is as well. `asr.bulk.processes` does the same in several.
    """
    with ExitStack() as stack:
        reading = with_stdin(recordings, reading, stack)
        for chunk in chunked(recordings):
            yield from hear(recognizer, chunk, reading, timed=timed)
