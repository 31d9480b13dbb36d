"""Frequent words as tokens, all others spelled: the mixed units of Li et al. 2018 (acoustic-to-word CTC)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self

from asr.errors import TextError
from asr.han import holds_han
from asr.tokenizers.tokens import BLANK, NO_STATE, SPACE, checked, decoded, look_up, marked, named, trainable, words_of

FREQUENT = 3  # a word that comes less often has too few examples to be learnt as a whole


class MixedTokenizer:
    """One token a frequent word, written with SPACE before it; any other word is SPACE and its characters.

    Whole words cannot be misspelled or run together, and a word outside the list can still be written. What stands
    between spaces with Han characters in it is rather a sentence, and is always spelled.
    """

    state = NO_STATE

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if len(token) > 1 and not _is_word(token)]:
            raise TextError(
                f"tokens: {named(wrong)} neither a character nor {SPACE!r} and a word; "
                "name the kind of tokenizer that made them"
            )
        self._ids = {token: number for number, token in enumerate(self.tokens) if number}

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self:
        """Take every character of the texts, sorted, after blank and SPACE; then the words that come thrice, sorted."""
        counts = Counter(word for words in trainable(texts) for word in words)
        characters = {character for word in counts for character in word}
        words = [word for word, count in counts.items() if count >= FREQUENT and not holds_han(word)]
        return cls([BLANK, SPACE, *sorted(characters), *(SPACE + word for word in sorted(words))])

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the characters outside the token set."""
        units = [unit for part in marked(words_of(text)) for unit in ([part] if part in self._ids else part)]
        return look_up(self._ids, units, text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of labels; blanks among them say nothing."""
        return decoded(self.tokens, ids)


def _is_word(token: str) -> bool:
    return token.startswith(SPACE) and SPACE not in token[1:]
