"""The rule that leaves the words alone."""

from __future__ import annotations

import unicodedata


class Plain:
    """NFC, no space at the ends, one space between words; nothing else."""

    name = "none"
    version = 1

    def __call__(self, text: str) -> str:
        return " ".join(unicodedata.normalize("NFC", text).split())
