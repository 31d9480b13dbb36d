"""What counts as a word: white space decides, or for scripts without spaces, every character."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from asr.errors import ConfigError, did_you_mean

# Unified ideographs with their extensions A to H, the compatibility ideographs, and the zero that is written with them.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_ONE_HAN = re.compile(f"([{_HAN}])")
_SPACE_AT_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")


class Unit(NamedTuple):
    """Two ways to rewrite a text: `words` parts what is counted by spaces, `characters` is what CER counts."""

    words: Callable[[str], str]
    characters: Callable[[str], str]


def single_spaces(text: str) -> str:
    return " ".join(text.split())


def han_apart(text: str) -> str:
    """Return the text with every Han character as a word of its own: `你好 world` gives `你 好 world`."""
    return single_spaces(_ONE_HAN.sub(r" \1 ", text))


def han_joined(text: str) -> str:
    """Return the text without the spaces beside Han characters, where writers put them or not as they like."""
    return _SPACE_AT_HAN.sub("", single_spaces(text))


def all_apart(text: str) -> str:
    return " ".join("".join(text.split()))


def no_spaces(text: str) -> str:
    return "".join(text.split())


UNITS: dict[str, Unit] = {
    "word": Unit(single_spaces, single_spaces),
    "mixed": Unit(han_apart, han_joined),
    "char": Unit(all_apart, no_spaces),
}


def get_unit(name: str) -> Unit:
    """Return the unit called `name`; ConfigError names the known ones."""
    if name not in UNITS:
        raise ConfigError(f"unit {name!r}: unknown{did_you_mean(name, UNITS)}")
    return UNITS[name]
