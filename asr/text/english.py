"""The rules for English: 26 letters, apostrophes inside words, and, before version 2, digits."""

from __future__ import annotations

import unicodedata

from asr.text import basic
from asr.text.basic import typed_apostrophes
from asr.text.chain import Chain, Step
from asr.text.english_numbers import spell_numbers
from asr.text.numbers import plain_digits

_SPELLINGS = str.maketrans(
    {
        "&": " and ",
        # letters that do not come apart into a base and an accent
        **dict.fromkeys("æÆ", "ae"),
        **dict.fromkeys("œŒ", "oe"),
        **dict.fromkeys("øØ", "o"),
        **dict.fromkeys("łŁ", "l"),
        **dict.fromkeys("ßẞ", "ss"),
    }
)


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")


def _spellings(text: str) -> str:
    return text.replace("&", _SPELLINGS[ord("&")]) if text.isascii() else text.translate(_SPELLINGS)


# The basic rule, after typographic apostrophes become `'`, `&` becomes `and`, and letters lose their accents.
_LETTERS = (Step("accents", _without_accents), Step("spellings", _spellings), *basic.STEPS)
_APOSTROPHES = Step("apostrophes", typed_apostrophes)

# Numbers and abbreviations stay as they are written.
ENGLISH_1 = Chain("en", 1, (_APOSTROPHES, *_LETTERS), lowers=True)
# Numbers, dates, times and amounts become words.
ENGLISH = Chain(
    "en", 2, (_APOSTROPHES, Step("digits", plain_digits), Step("numbers", spell_numbers), *_LETTERS), lowers=True
)
