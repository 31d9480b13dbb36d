"""Whole words as tokens, for small closed vocabularies such as digits or commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from asr.errors import TextError
from asr.tokenizers.tokens import BLANK, NO_STATE, SPACE, checked, decoded, look_up, named, trainable


class WordTokenizer:
    """One token a word, written with SPACE before it."""

    state = NO_STATE

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if not _is_word(token)]:
            raise TextError(
                f"tokens: {named(wrong)} not {SPACE!r} and a word; name the kind of tokenizer that made them"
            )
        self._ids = {token[1:]: number for number, token in enumerate(self.tokens) if number}

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self:
        """Take every word of the texts, sorted, after the blank."""
        words = {word for words in trainable(texts) for word in words}
        return cls([BLANK, *(SPACE + word for word in sorted(words))])

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the words outside the token set."""
        return look_up(self._ids, text.split(), text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)


def _is_word(token: str) -> bool:
    return token.startswith(SPACE) and len(token) > 1 and SPACE not in token[1:]
