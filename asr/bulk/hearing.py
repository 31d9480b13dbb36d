"""A few recordings through one recogniser: whatever is wrong with one is its own result."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from asr import audio
from asr.errors import AsrError
from asr.inputs import Reading, Recording, merged
from asr.inputs.reading import renamed
from asr.recognizer import Recognizer
from asr.types import Hypothesis, Waveform


class Heard(NamedTuple):
    """A recording with what is said in it, or what is wrong with it, and its length where that was asked for."""

    recording: Recording
    result: Hypothesis | AsrError
    duration_s: float = 0.0


class _Part(NamedTuple):
    """What the recogniser was given of a recording, or why it was given nothing."""

    recording: Recording
    audios: list[str | Waveform]
    error: AsrError | None = None


def hear(
    recognizer: Recognizer, recordings: Sequence[Recording], reading: Reading, *, timed: bool = False
) -> Iterator[Heard]:
    """Yield the result of each recording, in their order; it is read while the ones before are heard."""
    parts: deque[_Part] = deque()
    results: list[Hypothesis | AsrError] = []
    with ExitStack() as stack:
        for _, result in recognizer.transcribe_each(_audios(recognizer, recordings, reading, parts, stack)):
            while parts[0].error is not None:
                yield _refused(parts.popleft())
            results.append(result)
            if len(results) == len(parts[0].audios):
                yield _heard(parts.popleft(), results, reading, timed=timed)
                results = []
        yield from map(_refused, parts)


def _audios(
    recognizer: Recognizer, recordings: Sequence[Recording], reading: Reading, parts: deque[_Part], stack: ExitStack
) -> Iterator[str | Waveform]:
    """Yield what the recogniser is to hear, and note in `parts` of which recording it is."""
    for recording in recordings:
        try:
            audios = reading.audios(recording, lambda: recognizer.info.rate_hz, stack)
        except AsrError as error:
            parts.append(_Part(recording, [], error))
        else:
            parts.append(_Part(recording, audios))
            yield from audios


def _refused(part: _Part) -> Heard:
    assert part.error is not None
    return Heard(part.recording, part.error)


def _heard(part: _Part, results: Sequence[Hypothesis | AsrError], reading: Reading, *, timed: bool) -> Heard:
    wrong = next((result for result in results if isinstance(result, AsrError)), None)
    if wrong is not None:
        path = next((audio for audio in part.audios if isinstance(audio, str)), part.recording.name)
        return Heard(part.recording, renamed(wrong, path, part.recording.name))
    heard = [result for result in results if isinstance(result, Hypothesis)]
    result = merged(heard) if reading.tells_channels_apart else heard[0]
    return Heard(part.recording, result, _duration_s(part.audios[0]) if timed else 0.0)


def _duration_s(heard: str | Waveform) -> float:
    """Return the length of what was heard; nothing for a file that has vanished since."""
    if isinstance(heard, Waveform):
        return heard.duration_s
    try:
        return audio.duration_s(heard)
    except AsrError:
        return 0.0
