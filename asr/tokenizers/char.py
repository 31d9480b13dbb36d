"""Characters as tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from asr.errors import TextError
from asr.tokenizers.tokens import BLANK, NO_STATE, SPACE, checked, decoded, look_up, named, trainable, words_of


class CharTokenizer:
    """One token a character (a Unicode code point), and SPACE between words."""

    state = NO_STATE

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if len(token) != 1]:
            raise TextError(f"tokens: {named(wrong)} not of one character; name the kind of tokenizer that made them")
        self._ids = {token: number for number, token in enumerate(self.tokens) if number}

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self:
        """Take every character of the texts: blank, SPACE, then the characters sorted."""
        characters = {character for words in trainable(texts) for word in words for character in word}
        return cls([BLANK, SPACE, *sorted(characters)])

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the characters outside the token set."""
        return look_up(self._ids, SPACE.join(words_of(text)), text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)
