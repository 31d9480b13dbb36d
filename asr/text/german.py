"""The rule for German: 26 letters, umlauts and ß, apostrophes inside words."""

from __future__ import annotations

import unicodedata

from asr.text import basic
from asr.text.basic import typed_apostrophes
from asr.text.chain import Chain, Step
from asr.text.german_numbers import spell_numbers
from asr.text.numbers import plain_digits

_UMLAUT = "\N{COMBINING DIAERESIS}"
_SPELLINGS = str.maketrans(
    {
        "&": " und ",
        "\N{MODIFIER LETTER TURNED COMMA}": "'",  # Hawaiian, and typed for an apostrophe
        # letters of neighbours that do not come apart, as a German reads them
        **dict.fromkeys("æÆ", "ä"),
        **dict.fromkeys("œŒøØ", "ö"),
        **dict.fromkeys("łŁ", "l"),
        **dict.fromkeys("đĐðÐ", "d"),
        **dict.fromkeys("þÞ", "th"),
    }
)


def _without_foreign_accents(text: str) -> str:
    """Return the text without accents but those of ä, ö and ü."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFKD", text):
        is_umlaut = character == _UMLAUT and kept and kept[-1] in "aouAOU"
        if is_umlaut or unicodedata.category(character) != "Mn":
            kept.append(character)
    return unicodedata.normalize("NFKC", "".join(kept))


def _spellings(text: str) -> str:
    return text.translate(_SPELLINGS)


# As the English one; ä, ö, ü and ß stay, a hyphen parts the words of a compound, and quotation marks go.
GERMAN = Chain(
    "de",
    1,
    (
        Step("apostrophes", typed_apostrophes),
        Step("digits", plain_digits),
        Step("numbers", spell_numbers),
        Step("accents", _without_foreign_accents),
        Step("spellings", _spellings),
        *basic.STEPS,
    ),
    lowers=True,
)
