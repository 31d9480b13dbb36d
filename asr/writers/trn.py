"""TRN, NIST's format for transcripts."""

from __future__ import annotations

import re
from typing import ClassVar

from asr.types import Hypothesis
from asr.writers.names import encodable


class Trn:
    """The text and the file's name in parentheses, as its id; white space and parentheses in the name become `_`.

    Source: the sclite manual of NIST's SCTK.
    """

    suffix: ClassVar = "trn"
    one_recording: ClassVar = False

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        id = re.sub(r"[\s()]", "_", encodable(name)) or "-"
        return f"{' '.join(encodable(hypothesis.text).split())} ({id})".lstrip()
