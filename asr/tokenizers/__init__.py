"""Tokenizers: between a text and the labels of a model; the table by kind, and the words that every kind shares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

from asr.errors import TextError, did_you_mean
from asr.tokenizers.bpe import BpeTokenizer
from asr.tokenizers.byte import ByteTokenizer
from asr.tokenizers.char import CharTokenizer
from asr.tokenizers.mixed import MixedTokenizer
from asr.tokenizers.phone import PhoneTokenizer
from asr.tokenizers.tokens import BLANK, NO_STATE, SPACE, join_tokens
from asr.tokenizers.unigram import UnigramTokenizer
from asr.tokenizers.word import WordTokenizer

__all__ = ["BLANK", "SPACE", "TOKENIZERS", "Tokenizer", "build", "join_tokens", "options", "readable", "restore"]


class Tokenizer(Protocol):
    """The tokens are all that decoding needs, and `state` is what encoding needs beside them: both are in a model file.

    `tokens[0]` is BLANK. A word begins at a token that starts with SPACE, at a Han character or after it, or at the
    first token of the text. `decode(encode(text))` is the text with single spaces, or its phones where the tokens are
    phones. `state` is what JSON holds.
    """

    def __init__(self, tokens: Sequence[str]) -> None: ...

    @classmethod
    def train(cls, texts: Iterable[str]) -> Self: ...

    @property
    def tokens(self) -> tuple[str, ...]: ...

    @property
    def state(self) -> Mapping[str, Any]: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...


TOKENIZERS: dict[str, type[Tokenizer]] = {
    "bpe": BpeTokenizer,
    "byte": ByteTokenizer,
    "char": CharTokenizer,
    "mixed": MixedTokenizer,
    "phone": PhoneTokenizer,
    "unigram": UnigramTokenizer,
    "word": WordTokenizer,
}


def build(name: str, texts: Iterable[str], **settings: Any) -> Tokenizer:
    """Make a tokenizer of the kind `name` from the texts of a training set; settings are those of its `train`.

    Raises TextError for an unknown kind or a text that cannot be tokenized, DataError where there is no text.
    """
    train: Callable[..., Tokenizer] = _kind(name).train
    return train(texts, **settings)


def restore(name: str, tokens: Sequence[str], state: Mapping[str, Any] = NO_STATE) -> Tokenizer:
    """Make the tokenizer of the kind `name` that has these tokens and this state; TextError where they are not its own.

    Without the state it decodes, and may not be able to encode.
    """
    kind: Callable[..., Tokenizer] = _kind(name)
    if foreign := sorted(state.keys() - inspect.signature(kind).parameters.keys()):
        raise TextError(f"tokenizer {name!r}: has no {foreign[0]!r}; name the kind of tokenizer that it is of")
    return kind(tokens, **state)


def options(name: str) -> list[str]:
    """Return the settings that `build` takes for a kind of tokenizer; TextError for an unknown kind."""
    parameters = inspect.signature(_kind(name).train).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def readable(tokenizer: Tokenizer, text: str) -> str:
    """Return what decoding gives where every label is right: the text, or its phones where the tokens are phones.

    Raises TextError for words without phones.
    """
    is_spelled = not isinstance(tokenizer, PhoneTokenizer)
    return " ".join(text.split()) if is_spelled else tokenizer.decode(tokenizer.encode(text))


def _kind(name: str) -> type[Tokenizer]:
    if name not in TOKENIZERS:
        raise TextError(f"tokenizer {name!r}: unknown{did_you_mean(name, TOKENIZERS)}")
    return TOKENIZERS[name]
