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
# As text, since compiling them takes longer than starting the interpreter, and texts in ASCII need none of them.
_UNIT = f"[{_HAN}]|[^\\s{_HAN}]+"
_GAP = f"(?<=[{_WIDE}]) (?=[{_WIDE}])"
_ONE = f"[{_HAN}]"


def is_han(text: str) -> bool:
    """Return whether a text begins with a Han character."""
    return not text.isascii() and re.match(_ONE, text) is not None


def holds_han(text: str) -> bool:
    """Return whether any character of a text is a Han character."""
    return not text.isascii() and re.search(_ONE, text) is not None


def units(text: str) -> list[str]:
    """Return the words of a text: every Han character alone, and what is left between them and white space."""
    return text.split() if text.isascii() else re.findall(_UNIT, text)


def parted(text: str) -> str:
    """Return the text with a space between any two of its words, Han characters among them."""
    return single_spaces(text) if text.isascii() else " ".join(units(text))


def single_spaces(text: str) -> str:
    """Return the text without white space at the ends, and one space wherever some is inside."""
    # The space is the one white space that is printable; to look takes a tenth of the time of taking a text apart.
    return text.strip(" ") if text.isprintable() and "  " not in text else " ".join(text.split())


def sentence(words: Iterable[str]) -> str:
    """Return the text of words: a space between two of them, but none between Han characters and their punctuation."""
    text = " ".join(words)
    return text if text.isascii() else re.sub(_GAP, "", text)
