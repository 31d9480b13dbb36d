"""STM, NIST's format for segments with times."""

from __future__ import annotations

import re
from typing import ClassVar

from asr.types import Hypothesis
from asr.writers.names import encodable

_SPEAKER = "unknown"


class Stm:
    """One segment a file: recording, channel 1, speaker `unknown`, 0, the end of the last word, the text.

    White space in the recording's name becomes `_`, since it parts the columns. Source: the sclite manual of NIST's
    SCTK.
    """

    suffix: ClassVar = "stm"
    one_recording: ClassVar = False

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        recording = re.sub(r"\s", "_", encodable(name)) or "-"
        end_s = max((word.end_s for word in hypothesis.words), default=0.0)
        text = " ".join(encodable(hypothesis.text).split())
        return f"{recording} 1 {_SPEAKER} 0.000 {end_s:.3f} {text}".rstrip()
