"""UTF-8 bytes as tokens: 256 for every language, and none that a text could lack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from asr.errors import TextError
from asr.tokenizers.tokens import BLANK, BYTES, NO_STATE, SPACE, checked, decoded, named, shown, trainable, words_of

_SPACE = ord(" ")
TOKENS = (BLANK, *(SPACE if byte == _SPACE else name for name, byte in BYTES.items()))


class ByteTokenizer:
    """One token a byte of the text in UTF-8, `<0x00>` to `<0xFF>`; that of the space is SPACE.

    Labels that are no UTF-8 are decoded to U+FFFD, one for each part that could begin a character (as Unicode
    recommends, and as Python's `errors="replace"` does).
    """

    state = NO_STATE

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = checked(tokens)
        if self.tokens != TOKENS:
            raise TextError("tokens: not the 256 bytes after the blank; name the kind of tokenizer that made them")

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self:
        """Take all bytes, whatever the texts, which are only checked."""
        trainable(texts)
        return cls(TOKENS)

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError for lone surrogates, which have no UTF-8."""
        joined = " ".join(words_of(text))
        try:
            return [byte + 1 for byte in joined.encode()]
        except UnicodeEncodeError:
            alone = sorted({c for c in joined if "\ud800" <= c <= "\udfff"})
            raise TextError(f"text {shown(text)}: {named(alone)} have no UTF-8; take them out of the text") from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)
