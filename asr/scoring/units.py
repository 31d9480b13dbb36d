"""What counts as a word: what white space parts, with every Han character alone, or every character."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from asr.errors import ConfigError, did_you_mean
from asr.han import HAN_BLOCKS, parted, single_spaces

_HAN = "".join(f"{chr(first)}-{chr(last)}" for first, last in HAN_BLOCKS)
_SPACE_AT_HAN = rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])"


class Unit(NamedTuple):
    """Two ways to rewrite a text: `words` parts what is counted by spaces, `characters` is what CER counts."""

    words: Callable[[str], str]
    characters: Callable[[str], str]


def han_joined(text: str) -> str:
    """Return the text without the spaces beside Han characters, where writers put them or not as they like."""
    text = single_spaces(text)
    return text if text.isascii() else re.sub(_SPACE_AT_HAN, "", text)


def all_apart(text: str) -> str:
    return " ".join("".join(text.split()))


def no_spaces(text: str) -> str:
    return "".join(text.split())


UNITS: dict[str, Unit] = {
    "word": Unit(parted, single_spaces),
    "mixed": Unit(parted, han_joined),
    "char": Unit(all_apart, no_spaces),
}


def get_unit(name: str) -> Unit:
    """Return the unit called `name`; ConfigError names the known ones."""
    if name not in UNITS:
        raise ConfigError(f"unit {name!r}: unknown{did_you_mean(name, UNITS)}")
    return UNITS[name]
