"""SubRip subtitles."""

from __future__ import annotations

from collections.abc import Iterator

from asr.han import is_han, sentence
from asr.types import Hypothesis, Word
from asr.writers.names import encodable

# What subtitlers keep to: two lines of 42 characters, no longer than seconds; and a pause is a good place to part.
_LINE, _LINES = 42, 2
_LONGEST_S = 6.0
_PAUSE_S = 0.7


class Srt:
    """Cues of up to two lines and six seconds, parted at pauses and after sentences; times to the millisecond.

    No words are no cues. The cues of several files follow one another, each file's from number 1, after a blank line.
    """

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        cues = [_cue(number, words) for number, words in enumerate(_cues(hypothesis.words), start=1)]
        return ("\n" if several and cues else "") + "\n\n".join(cues)


def _cues(words: tuple[Word, ...]) -> Iterator[list[Word]]:
    cue: list[Word] = []
    for word in words:
        if cue and _parts(cue, word):
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _parts(cue: list[Word], word: Word) -> bool:
    """Say whether a word begins a cue of its own after those of `cue`."""
    return (
        word.start_s - cue[-1].end_s > _PAUSE_S
        or word.end_s - cue[0].start_s > _LONGEST_S
        or len(_lines([*cue, word])) > _LINES
        or cue[-1].text.endswith((".", "?", "!"))
    )


def _cue(number: int, words: list[Word]) -> str:
    times = f"{_clock(words[0].start_s)} --> {_clock(words[-1].end_s)}"
    return "\n".join([str(number), times, *_lines(words)])


def _lines(words: list[Word]) -> list[str]:
    lines: list[str] = []
    for word in " ".join(encodable(word.text) for word in words).split():
        longer = sentence([*lines[-1:], word])
        if lines and _cells(longer) <= _LINE:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cells(text: str) -> int:
    return len(text) + sum(map(is_han, text))  # which are twice as wide


def _clock(seconds: float) -> str:
    milliseconds = round(1000 * seconds)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"
