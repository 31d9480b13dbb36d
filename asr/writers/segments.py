"""A line a segment, which is what subtitles show at a time: tab-separated, or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from asr.han import sentence
from asr.types import Hypothesis, Word
from asr.writers.cues import USUAL, Cue, Rules, cues
from asr.writers.json import plain
from asr.writers.names import encodable


@dataclass(frozen=True, slots=True)
class Tsv:
    """A head, then a line a segment: start and end of its speech in milliseconds, and the text, as Whisper has it."""

    suffix: ClassVar = "tsv"
    one_recording: ClassVar = True
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        rows = [
            f"{round(1000 * cue.start_s)}\t{round(1000 * cue.words[-1].end_s)}\t{_text(cue)}"
            for cue in cues(hypothesis.words, self.rules)
        ]
        return "\n".join(["start\tend\ttext", *rows])


@dataclass(frozen=True, slots=True)
class Jsonl:
    """An object a line with file, start_s, end_s (of its speech), text and words; words as in the format json.

    A recording without words has one line without words, so that it can be told from one that is missing.
    """

    suffix: ClassVar = "jsonl"
    one_recording: ClassVar = False
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        segments = [cue.words for cue in cues(hypothesis.words, self.rules)]
        return "\n".join(_object(name, words) for words in segments or [()])


def _text(cue: Cue) -> str:
    return re.sub(r"\s", " ", sentence(cue.texts()))


def _object(name: str, words: Sequence[Word]) -> str:
    start_s, end_s = (words[0].start_s, words[-1].end_s) if words else (0.0, 0.0)
    segment = {
        "file": encodable(name),
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "text": sentence(encodable(word.text) for word in words),
        "words": plain("words", tuple(words)),
    }
    return json.dumps(segment, ensure_ascii=False)
