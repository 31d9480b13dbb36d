"""Pronouncing dictionaries in the form of CMUdict: a word and its phones on a line, parted by white space.

`READ(2)` is one more pronunciation of `READ`. Lines that begin with `;;;`, what follows a `#` between spaces, and empty
lines are comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from asr.errors import ConfigError
from asr.files import existing_file

_VARIANT = re.compile(r"(?<=.)\(\d+\)$")
_COMMENT, _REMARK = ";;;", "#"
_STRESSED = re.compile(r"[A-Z]{2}[012]")  # CMUdict's vowels; in other dictionaries digits tell phones apart


def entries(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line, its fields) of the lines that say something.

    Raises MissingFile, and ConfigError for what is not UTF-8.
    """
    path = existing_file(path, "lexicon")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if _REMARK in fields[1:]:
            fields = fields[: fields.index(_REMARK, 1)]
        if fields and not line.startswith(_COMMENT):
            yield number, fields


def word_of(entry: str) -> str:
    """Return the word of an entry: `READ` of `READ(2)`."""
    return _VARIANT.sub("", entry)


def unstressed(phone: str) -> str:
    """Return a phone without the digit of its stress, as CMUdict writes it."""
    return phone[:-1] if _STRESSED.fullmatch(phone) else phone
