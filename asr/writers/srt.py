"""SubRip subtitles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from asr.types import Hypothesis
from asr.writers.cues import USUAL, Cue, Rules, clock, cues


@dataclass(frozen=True, slots=True)
class Srt:
    """Numbered cues, made by the rules; times to the millisecond.

    No words are no cues. The cues of several files follow one another, each file's from number 1, after a blank line.
    """

    suffix: ClassVar = "srt"
    one_recording: ClassVar = True
    rules: Rules = USUAL

    def write(self, name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        blocks = [_block(number, cue) for number, cue in enumerate(cues(hypothesis.words, self.rules), start=1)]
        return ("\n" if several and blocks else "") + "\n\n".join(blocks)


def _block(number: int, cue: Cue) -> str:
    return "\n".join([str(number), f"{clock(cue.start_s, ',')} --> {clock(cue.end_s, ',')}", *cue.texts()])
