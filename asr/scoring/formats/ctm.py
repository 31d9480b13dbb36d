"""CTM, NIST's words with times: one word a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from asr.errors import DataError
from asr.scoring.formats.line import Line, numbered
from asr.types import Word


def read_ctm(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read lines of recording, channel, start, duration, word and perhaps a confidence; the id is the recording.

    Where the file has several channels of a recording, the ids are `recording-channel`. Words are sorted by time.
    """
    words: dict[tuple[str, str], list[Word]] = {}
    numbers: dict[tuple[str, str], int] = {}
    for number, line in numbered(content, comment=";;"):
        recording, channel, word = _word(line, f"{path}:{number}")
        words.setdefault((recording, channel), []).append(word)
        numbers.setdefault((recording, channel), number)
    recordings = Counter(recording for recording, _ in words)
    for (recording, channel), found in words.items():
        id = recording if recordings[recording] == 1 else f"{recording}-{channel}"
        found.sort(key=lambda word: word.start_s)
        fields = {"recording": recording, "channel": channel}
        yield numbers[recording, channel], id, Line(" ".join(word.text for word in found), "", tuple(found), fields)


def _word(line: str, where: str) -> tuple[str, str, Word]:
    columns = line.split()
    if len(columns) not in (5, 6):
        raise DataError(
            f"{where}: has {len(columns)} columns; a line of a CTM file is recording, channel, start, duration, word "
            "and perhaps a confidence"
        )
    recording, channel, start, duration, text, *confidence = columns
    start_s, duration_s = seconds(start, where), seconds(duration, where)
    sure = seconds(confidence[0], where) if confidence else 1.0
    return recording, channel, Word(text, start_s, start_s + duration_s, sure)


def seconds(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise DataError(f"{where}: {text!r} stands where a number from 0 on is needed; mend the line")
    return value
