"""The rule for English: 26 letters, digits, apostrophes inside words."""

from __future__ import annotations

import unicodedata

from asr.text.basic import Basic

_basic = Basic()
# what people type for an apostrophe, beside those that the basic rule knows
_APOSTROPHES = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}": "'",
        "\N{ACUTE ACCENT}": "'",
        "\N{GRAVE ACCENT}": "'",
        "\N{PRIME}": "'",
    }
)
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


class English:
    """The basic rule, after typographic apostrophes become `'`, `&` becomes `and`, and letters lose their accents.

    Numbers and abbreviations stay as they are written.
    """

    name = "en"
    version = 1

    def __call__(self, text: str) -> str:
        if text.isascii():  # it has two of all these
            return _basic(text.replace("`", "'").replace("&", " and "))
        # In this order: taken apart, an acute accent on its own is a space, and an accented letter one of the above.
        return _basic(_without_accents(text.translate(_APOSTROPHES)).translate(_SPELLINGS))


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
