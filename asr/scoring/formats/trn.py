"""TRN, NIST's transcripts: the text, and the id in parentheses at the end of the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from asr.errors import DataError
from asr.scoring.formats.line import Line, numbered

_LINE = re.compile(r"(.*)\(([^()\s]+)\)", re.DOTALL)
_ALTERNATIVES = re.compile(r"(^|\s)[{}](\s|$)")


def read_trn(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read lines of a text and (id); the speaker is what stands before the first - or _ of the id, as for sclite."""
    for number, line in numbered(content, comment=";;"):
        found = _LINE.fullmatch(line)
        if not found:
            raise DataError(f"{path}:{number}: ends in no (id); a line of TRN is a text and its id in parentheses")
        text, id = found[1].strip(), found[2]
        refuse_alternatives(text, f"{path}:{number}")
        speaker, *rest = re.split("[-_]", id, maxsplit=1)
        yield number, id, Line(text, speaker if rest else "")


def refuse_alternatives(text: str, where: str) -> None:
    """Raise DataError where a text offers alternatives, `{ um / uh }`, of which sclite would take the best."""
    if _ALTERNATIVES.search(text):
        raise DataError(f"{where}: has alternatives in braces, which are not supported; decide for one of them")
