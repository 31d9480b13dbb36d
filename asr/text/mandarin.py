"""The rules for Mandarin: Han characters without spaces between them, other words with spaces around them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from asr.errors import require
from asr.han import holds_han, parted, sentence
from asr.text import basic
from asr.text.basic import typed_apostrophes
from asr.text.chain import Chain, Step
from asr.text.mandarin_numbers import spell_numbers
from asr.text.numbers import plain_digits

_PASSES = 4  # a few characters take two: they stand for one that has a simpler form itself


def _spaces(text: str) -> str:
    return sentence(text.split())


@lru_cache(maxsize=1)
def _converter() -> Any:
    return require("opencc", extra="text", purpose="simplifying Chinese characters").OpenCC("t2s")


def _simplified(text: str) -> str:
    """Return the text in simplified characters, by OpenCC's phrases and characters; raises MissingPackage."""
    if not holds_han(text):
        return text
    for _ in range(_PASSES):
        before, text = text, _converter().convert(text)
        if text == before:
            break
    return text


_STEPS = (
    Step("apostrophes", typed_apostrophes),
    Step("digits", plain_digits),
    Step("numbers", spell_numbers),
    *basic.LETTERS,
    Step("words", parted),
    basic.PUNCTUATION,
    Step("spaces", _spaces),
)

# The basic rule after numbers have become words; full-width forms are narrow, and letters lower case.
MANDARIN = Chain("zh", 1, _STEPS)
# Last the script: its phrases are found only where no punctuation or space parts them.
MANDARIN_SIMPLIFIED = Chain("zh-hans", 1, (*_STEPS, Step("script", _simplified)))
