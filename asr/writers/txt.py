"""Plain text."""

from __future__ import annotations

import re
from typing import ClassVar

from asr.types import Hypothesis
from asr.writers.names import encodable


class Txt:
    """The text; after the file's name and a tab where there are several files, always one line a file.

    Where the channels of a recording are told apart, each turn is a line of its own unless there are several files.
    """

    suffix: ClassVar = "txt"
    one_recording: ClassVar = False

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        return f"{_on_one_line(name)}\t{_on_one_line(hypothesis.text)}" if several else hypothesis.text


def _on_one_line(text: str) -> str:
    return re.sub(r"[\t\r\n]", " ", encodable(text))
