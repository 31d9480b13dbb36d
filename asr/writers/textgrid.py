"""TextGrid, the annotation format of Praat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from asr.types import Hypothesis, Word
from asr.writers.names import encodable

Interval = tuple[int, int, str]  # from and to, in milliseconds

_HEAD = """\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = {end}
tiers? <exists>
size = {tiers}
item []:
"""
_TIER = """\
    item [{number}]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = {end}
        intervals: size = {size}
"""
_INTERVAL = """\
        intervals [{number}]:
            xmin = {start}
            xmax = {end}
            text = "{text}"
"""


class TextGrid:
    """One interval tier `words` in Praat's long format: the words, and intervals without text between them.

    Where the channels of a recording are told apart, each has a tier of its own, `channel 1`, `channel 2`, ...

    It ends with the recording where the hypothesis knows its length (`duration_s`), else with the last word. A word
    shorter than a millisecond, which no interval can hold, stands in that of the word before it. A TextGrid is of one
    recording: those of several are printed one after another, and no program reads them together.
    Source: "TextGrid file formats" in the manual of Praat.
    """

    suffix: ClassVar = "TextGrid"
    one_recording: ClassVar = True

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        tiers = {title: _intervals(words) for title, words in _tiers(hypothesis.words).items()}
        known_ms = _milliseconds(getattr(hypothesis, "duration_s", 0.0))
        end_ms = max([1, known_ms, *(end for words in tiers.values() for _, end, _ in words)])
        written = [_HEAD.format(end=_seconds(end_ms), tiers=len(tiers))]
        for number, (title, words) in enumerate(tiers.items(), start=1):
            filled = _filled(words, end_ms)
            written.append(_TIER.format(number=number, name=title, end=_seconds(end_ms), size=len(filled)))
            written += _lines(filled)
        return "".join(written).rstrip("\n")


def _tiers(words: Sequence[Word]) -> dict[str, list[Word]]:
    """Return the words by channel; all in one tier where they have none."""
    channels = sorted({word.channel for word in words if word.channel is not None})
    if not channels:
        return {"words": list(words)}
    return {f"channel {channel}": [word for word in words if word.channel == channel] for channel in channels}


def _intervals(words: Iterable[Word]) -> list[Interval]:
    """Return the words that have a length, each with those after it that have none."""
    found: list[Interval] = []
    first = ""  # words without length before all others
    for word in words:
        reached = found[-1][1] if found else 0
        start, end = max(reached, _milliseconds(word.start_s)), _milliseconds(word.end_s)
        if start < end:
            found.append((start, end, f"{first} {word.text}".strip()))
            first = ""
        elif found:
            found[-1] = (found[-1][0], reached, f"{found[-1][2]} {word.text}")
        else:
            first = f"{first} {word.text}".strip()
    return [*found, (0, 1, first)] if first else found


def _filled(words: Sequence[Interval], end_ms: int) -> list[Interval]:
    """Return the words and what lies between them, from 0 to the end."""
    filled: list[Interval] = []
    reached = 0
    for start, end, text in [*words, (end_ms, end_ms, "")]:
        if reached < start:
            filled.append((reached, start, ""))
        if start < end:
            filled.append((start, end, text))
        reached = end
    return filled


def _lines(intervals: Sequence[Interval]) -> Iterable[str]:
    for number, (start, end, text) in enumerate(intervals, start=1):
        quoted = encodable(text).replace('"', '""')  # a quotation mark within a text is written twice
        yield _INTERVAL.format(number=number, start=_seconds(start), end=_seconds(end), text=quoted)


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g}" if milliseconds % 1000 == 0 else f"{milliseconds / 1000:.3f}"
