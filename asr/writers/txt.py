"""Plain text."""

from __future__ import annotations

import re

from asr.types import Hypothesis
from asr.writers.names import encodable


class Txt:
    """The text; after the file's name and a tab where there are several files, always one line a file."""

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        return f"{_on_one_line(name)}\t{hypothesis.text}" if several else hypothesis.text


def _on_one_line(name: str) -> str:
    return re.sub(r"[\t\r\n]", " ", encodable(name))
