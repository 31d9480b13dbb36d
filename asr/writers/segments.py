"""A line a segment, which is what subtitles show at a time: tab-separated, or as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import ClassVar

from asr.types import Hypothesis
from asr.writers.cues import USUAL, Cue, Rules, cues
from asr.writers.json import plain
from asr.writers.names import encodable


@dataclass(frozen=True, slots=True)
class Tsv:
    """A head, then start and end in milliseconds and the text, as Whisper writes them."""

    suffix: ClassVar = "tsv"
    one_recording: ClassVar = True
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        rows = [
            f"{round(1000 * cue.start_s)}\t{round(1000 * cue.end_s)}\t{_text(cue)}"
            for cue in cues(hypothesis.words, self.rules)
        ]
        return "\n".join(["start\tend\ttext", *rows])


@dataclass(frozen=True, slots=True)
class Jsonl:
    """An object a line with file, start_s, end_s, text and words; words as in the format json.

    A recording without words has one line without words, so that it can be told from one that is missing.
    """

    suffix: ClassVar = "jsonl"
    one_recording: ClassVar = False
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        silence = Cue(0.0, 0.0, ())
        return "\n".join(_object(name, cue) for cue in cues(hypothesis.words, self.rules) or [silence])


def _text(cue: Cue) -> str:
    return re.sub(r"\s", " ", " ".join(cue.texts()))


def _object(name: str, cue: Cue) -> str:
    times = {"start_s": round(cue.start_s, 3), "end_s": round(cue.end_s, 3)}
    words = " ".join(encodable(word.text) for word in cue.words)
    return json.dumps(
        {"file": encodable(name), **times, "text": words, "words": plain("words", cue.words)}, ensure_ascii=False
    )
