"""WebVTT, the subtitles of the web, plain and with a time for each word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from asr.han import sentence
from asr.types import Hypothesis, Word
from asr.writers.cues import USUAL, Cue, Rules, clock, cues
from asr.writers.names import encodable

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Vtt:
    """The cues of the rules below `WEBVTT`; times to the millisecond. Source: W3C, WebVTT.

    Where the channels of a recording are told apart, each cue has the voice `channel N`.
    """

    suffix: ClassVar = "vtt"
    one_recording: ClassVar = True
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        return _file(hypothesis, self.rules, _plain)


@dataclass(frozen=True, slots=True)
class Karaoke:
    """WebVTT in which a time stands before each word, at which players light it up.

    A word that begins no later than the one before it, or its cue, has none: the times within a cue have to rise.
    """

    suffix: ClassVar = "karaoke.vtt"
    one_recording: ClassVar = True
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        return _file(hypothesis, self.rules, _timed)


def _file(hypothesis: Hypothesis, rules: Rules, payload: Callable[[Cue], list[str]]) -> str:
    blocks = [
        "\n".join([f"{clock(cue.start_s, '.')} --> {clock(cue.end_s, '.')}", *_voiced(cue, payload(cue))])
        for cue in cues(hypothesis.words, rules)
    ]
    return "\n\n".join(["WEBVTT", *blocks])


def _voiced(cue: Cue, lines: list[str]) -> list[str]:
    return lines if cue.channel is None else [f"<v channel {cue.channel}>{lines[0]}", *lines[1:]]


def _plain(cue: Cue) -> list[str]:
    return [sentence(map(_escaped, line)) for line in cue.lines]


def _timed(cue: Cue) -> list[str]:
    lines = []
    reached = clock(cue.start_s, ".")  # compared as it is written
    for line in cue.lines:
        text = ""
        for before, word in zip([None, *line], line, strict=False):
            start = clock(word.start_s, ".")
            begins = reached < start < clock(cue.end_s, ".")
            joined = before is None or sentence([before.text, word.text]) == before.text + word.text
            text += "" if joined else " "
            text += f"<{start}><c>{_escaped(word)}</c>" if begins else _escaped(word)
            reached = max(reached, start)
        lines.append(text)
    return lines


def _escaped(word: Word) -> str:
    return encodable(word.text).translate(_ESCAPES)
