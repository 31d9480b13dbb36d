"""CTM, NIST's format for words with times."""

from __future__ import annotations

import re
from typing import ClassVar

from asr.types import Hypothesis, Word
from asr.writers.names import encodable


class Ctm:
    """One line a word: recording, channel, start and duration in seconds, word, confidence.

    The channel is 1 unless those of a recording are told apart.

    White space in the recording's name becomes `_`, since it parts the columns. A recording without words is one
    comment, so that it can be told from one that is missing. Source: the sclite manual of NIST's SCTK.
    """

    suffix: ClassVar = "ctm"
    one_recording: ClassVar = False

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        recording = re.sub(r"\s", "_", encodable(name)) or "-"
        if not hypothesis.words:
            return f";; {recording} has no words"
        return "\n".join(f"{recording} {word.channel or 1} {_columns(word)}" for word in hypothesis.words)


def _columns(word: Word) -> str:
    # Both ends are rounded, not the duration, so that words that touch still do.
    start_s, end_s = round(word.start_s, 3), round(word.end_s, 3)
    return f"{start_s:.3f} {end_s - start_s:.3f} {encodable(word.text)} {word.confidence:.4f}"
