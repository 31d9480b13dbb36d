"""TextGrid, the annotation format of Praat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asr.types import Hypothesis, Word
from asr.writers.names import encodable

Interval = tuple[int, int, str]  # from and to, in milliseconds

_HEAD = """\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = {end}
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
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

    It ends with the recording where the hypothesis knows its length (`duration_s`), else with the last word. A word
    shorter than a millisecond, which no interval can hold, stands in that of the word before it. A TextGrid is of one
    recording: those of several are printed one after another, and no program reads them together.
    Source: "TextGrid file formats" in the manual of Praat.
    """

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        words = _intervals(hypothesis.words)
        known_ms = _milliseconds(getattr(hypothesis, "duration_s", 0.0))
        end_ms = max([1, known_ms, *(end for _, end, _ in words)])
        filled = _filled(words, end_ms)
        head = _HEAD.format(end=_seconds(end_ms), size=len(filled))
        return (head + "".join(_lines(filled))).rstrip("\n")


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
