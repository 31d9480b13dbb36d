"""A few recordings through one recogniser: whatever is wrong with one is its own result."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from asr import audio
from asr.errors import AsrError
from asr.inputs import Reading, Recording, merged
from asr.inputs.reading import Part, renamed
from asr.intake import file_of
from asr.recognizer import Recognizer
from asr.types import Channel, Hypothesis, Waveform


class Heard(NamedTuple):
    """A recording with what is said in it, or what is wrong with it, and its length where that was asked for."""

    recording: Recording
    result: Hypothesis | AsrError
    duration_s: float = 0.0


class _Given(NamedTuple):
    """What the recogniser was given of a recording, or why it was given nothing."""

    recording: Recording
    audios: list[Part]
    error: AsrError | None = None


def hear(
    recognizer: Recognizer, recordings: Sequence[Recording], reading: Reading, *, timed: bool = False
) -> Iterator[Heard]:
    """Yield the result of each recording, in their order; it is read while the ones before are heard."""
    parts: deque[_Given] = deque()
    results: list[Hypothesis | AsrError] = []
    with ExitStack() as stack:
        for _, result in recognizer.transcribe_each(_audios(recordings, reading, parts, stack)):
            while parts[0].error is not None:
                yield _refused(parts.popleft())
            results.append(result)
            if len(results) == len(parts[0].audios):
                yield _heard(parts.popleft(), results, reading, timed=timed)
                results = []
        yield from map(_refused, parts)


def _audios(
    recordings: Sequence[Recording], reading: Reading, parts: deque[_Given], stack: ExitStack
) -> Iterator[Part]:
    """Yield what the recogniser is to hear, and note in `parts` of which recording it is."""
    for recording in recordings:
        try:
            audios = reading.audios(recording, stack)
        except AsrError as error:
            parts.append(_Given(recording, [], error))
        else:
            parts.append(_Given(recording, audios))
            yield from audios


def _refused(part: _Given) -> Heard:
    assert part.error is not None
    return Heard(part.recording, part.error)


def _heard(part: _Given, results: Sequence[Hypothesis | AsrError], reading: Reading, *, timed: bool) -> Heard:
    wrong = next((result for result in results if isinstance(result, AsrError)), None)
    if wrong is not None:
        path = file_of(part.audios[0]) or part.recording.name
        return Heard(part.recording, renamed(wrong, str(path), part.recording.name))
    heard = [result for result in results if isinstance(result, Hypothesis)]
    result = merged(heard) if reading.tells_channels_apart else heard[0]
    return Heard(part.recording, result, _duration_s(part.audios[0]) if timed else 0.0)


def _duration_s(heard: Part) -> float:
    """Return the length of what was heard; nothing for a file that has vanished since."""
    if isinstance(heard, Waveform):
        return heard.duration_s
    try:
        return audio.duration_s(heard.path if isinstance(heard, Channel) else heard)
    except AsrError:
        return 0.0
