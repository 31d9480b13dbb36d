"""Chinese characters, which are written without spaces: where a text parts into words, and how words make a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The Han script (Unicode Standard Annex 24) that texts are made of: iteration mark and zero, then the blocks of unified
# and compatibility ideographs; its radicals and strokes are symbols.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"

_UNIT = re.compile(f"[{HAN}]|[^\\s{HAN}]+")
_GAP = re.compile(f"(?<=[{HAN}]) (?=[{HAN}])")
_ONE = re.compile(f"[{HAN}]")


def is_han(text: str) -> bool:
    """Return whether a text begins with a Han character."""
    return _ONE.match(text) is not None


def holds_han(text: str) -> bool:
    """Return whether any character of a text is a Han character."""
    return _ONE.search(text) is not None


def units(text: str) -> list[str]:
    """Return the words of a text: every Han character alone, and what is left between them and white space."""
    return _UNIT.findall(text)


def sentence(words: Iterable[str]) -> str:
    """Return the text of words: a space between two of them, but none between Han characters."""
    return _GAP.sub("", " ".join(words))
