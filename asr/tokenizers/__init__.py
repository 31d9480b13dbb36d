"""Tokenizers: between a text and the labels of a model; the table by kind, and the words that every kind shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, Self

from asr.errors import TextError, did_you_mean
from asr.tokenizers.bpe import BpeTokenizer
from asr.tokenizers.char import CharTokenizer
from asr.tokenizers.mixed import MixedTokenizer
from asr.tokenizers.tokens import BLANK, SPACE, join_tokens
from asr.tokenizers.word import WordTokenizer

__all__ = ["BLANK", "SPACE", "SPELLED", "TOKENIZERS", "Tokenizer", "build", "join_tokens", "restore"]


class Tokenizer(Protocol):
    """The tokens are the whole state: a tokenizer is restored from them, and they travel in the model file.

    `tokens[0]` is BLANK. A word begins at a token that starts with SPACE, or at the first token of the text.
    `decode(encode(text))` is the text with single spaces.
    """

    def __init__(self, tokens: Sequence[str]) -> None: ...

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self: ...

    @property
    def tokens(self) -> tuple[str, ...]: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...


TOKENIZERS: dict[str, type[Tokenizer]] = {
    "bpe": BpeTokenizer,
    "char": CharTokenizer,
    "mixed": MixedTokenizer,
    "word": WordTokenizer,
}

# The kinds whose labels are pieces of the text itself, and that can encode each text they were trained on. Training
# need not encode a million texts to know that most are short enough; those of any other kind are all encoded.
SPELLED = frozenset({"bpe", "char", "mixed", "word"})


def build(name: str, texts: Iterable[str], **options: int) -> Tokenizer:
    """Make a tokenizer of the kind `name` from the texts of a training set; options are those of its `train`.

    Raises TextError for an unknown kind or a text that cannot be tokenized, DataError where there is no text.
    """
    train: Callable[..., Tokenizer] = _kind(name).train
    return train(texts, **options)


def restore(name: str, tokens: Sequence[str]) -> Tokenizer:
    """Make the tokenizer of the kind `name` that has these tokens; TextError where they are not of that kind."""
    return _kind(name)(tokens)


def _kind(name: str) -> type[Tokenizer]:
    if name not in TOKENIZERS:
        raise TextError(f"tokenizer {name!r}: unknown{did_you_mean(name, TOKENIZERS)}")
    return TOKENIZERS[name]
