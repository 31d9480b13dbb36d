"""The rule that leaves the words alone."""

from __future__ import annotations

import unicodedata

from asr.han import single_spaces
from asr.text.chain import Chain, Step


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# NFC, no space at the ends, one space between words; nothing else.
NONE = Chain("none", 1, (Step("unicode", _nfc), Step("spaces", single_spaces)))
