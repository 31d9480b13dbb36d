"""What tokens say, letter by letter: in code points, or in bytes where the tokens are bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from asr.han import HAN_BLOCKS, is_han
from asr.ngrams import WordTrie
from asr.tokenizers import SPACE
from asr.tokenizers.tokens import BYTES

# Bytes that only begin Han characters (U+4000 to U+9FFF, but for the symbols of the Yijing).
_HAN_BYTES = range(0xE4, 0xEA)


class Letters(NamedTuple):
    """Tokens in letters, which are code points; a byte is the one of its number."""

    tokens: tuple[str, ...]  # SPACE before them is kept
    by_byte: bool

    def of(self, word: str) -> str:
        """Return a word in the letters of the tokens."""
        return word.encode("utf-8", "surrogatepass").decode("latin-1") if self.by_byte else word

    def begins_han(self, token: int) -> bool:
        """Return whether a token begins with a Han character."""
        said = self.tokens[token]
        return ord(said[0]) in _HAN_BYTES if self.by_byte and len(said) == 1 else is_han(said)


def letters(tokens: Sequence[str]) -> Letters:
    """Return what the tokens say."""
    by_byte = any(token in BYTES for token in tokens)
    said = Letters((), by_byte)
    return Letters(tuple(chr(BYTES[token]) if token in BYTES else _marked(token, said) for token in tokens), by_byte)


def _marked(token: str, said: Letters) -> str:
    word = token.removeprefix(SPACE)
    return token[: len(token) - len(word)] + said.of(word)


def has_han_words(trie: WordTrie) -> bool:
    """Return whether any word of a trie is of a Han character and more."""
    char = np.asarray(trie.char)
    is_one = np.zeros(len(char), np.bool_)
    for first, last in HAN_BLOCKS:
        is_one |= (char >= first) & (char <= last)
    first, end = int(trie.first_child[0]), int(trie.first_child[1])
    has_child = np.diff(trie.first_child[first : end + 1]) > 0
    return bool(is_one[end:].any() or (is_one[first:end] & has_child).any())
