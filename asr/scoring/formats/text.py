"""Kaldi's form: lines of an id, white space, and the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asr.scoring.formats.line import Line, numbered


def read_text(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read lines of an id, white space and the text, which may be missing."""
    for number, line in numbered(content):
        id, *text = line.split(maxsplit=1)
        yield number, id, Line(" ".join(text))
