"""Chinese characters, which are written without spaces: where a text parts into words, and how words make a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The Han script (Unicode Standard Annex 24) that texts are made of: iteration mark and zero, then the blocks of unified
# and compatibility ideographs; its radicals and strokes are symbols.
HAN_BLOCKS = (
    *((0x3005, 0x3005), (0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)),
    (0x20000, 0x323AF),
)

_HAN = "".join(f"{chr(first)}-{chr(last)}" for first, last in HAN_BLOCKS)
_WIDE = f"{_HAN}\u3000-\u303f\uff00-\uffef"  # and the punctuation that is written between them
_UNIT = re.compile(f"[{_HAN}]|[^\\s{_HAN}]+")
_GAP = re.compile(f"(?<=[{_WIDE}]) (?=[{_WIDE}])")
_ONE = re.compile(f"[{_HAN}]")


def is_han(text: str) -> bool:
    """Return whether a text begins with a Han character."""
    return _ONE.match(text) is not None


def holds_han(text: str) -> bool:
    """Return whether any character of a text is a Han character."""
    return _ONE.search(text) is not None


def units(text: str) -> list[str]:
    """Return the words of a text: every Han character alone, and what is left between them and white space."""
    return _UNIT.findall(text)


def parted(text: str) -> str:
    """Return the text with a space between any two of its words, Han characters among them."""
    return " ".join(units(text))


def sentence(words: Iterable[str]) -> str:
    """Return the text of words: a space between two of them, but none between Han characters and their punctuation."""
    return _GAP.sub("", " ".join(words))
