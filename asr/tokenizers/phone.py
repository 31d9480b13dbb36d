"""Phones as tokens, by a pronouncing dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from asr.errors import ConfigError, TextError
from asr.tokenizers.dictionary import entries, unstressed, word_of
from asr.tokenizers.tokens import BLANK, SPACE, checked, decoded, look_up, named, shown, trainable, words_of


class PhoneTokenizer:
    """One token a phone, written with SPACE before it: a text is encoded by a lexicon, and labels decode to phones.

    lexicon: a word and its phones on each line. A word is looked up as it is written, then without regard to case.
    """

    def __init__(self, tokens: Sequence[str], *, lexicon: str = "") -> None:
        self.tokens = checked(tokens)
        if wrong := [token for token in self.tokens[1:] if not token.startswith(SPACE) or SPACE in token[1:]]:
            raise TextError(
                f"tokens: {named(wrong)} not {SPACE!r} and a phone; name the kind of tokenizer that made them"
            )
        self._lexicon = lexicon
        self._ids = {token[1:]: number for number, token in enumerate(self.tokens) if number}

    @classmethod
    def train(cls, texts: Iterable[str], *, lexicon: str | Path | None = None, stress: bool = False) -> Self:
        """Take every phone of a dictionary in the form of CMUdict, sorted, after the blank; the texts are only checked.

        Of the pronunciations of a word the first one counts. stress: keep the digits of CMUdict's vowels.
        Raises MissingFile, ConfigError for no dictionary or a line that is none of one, TextError for words not in it.
        """
        if lexicon is None:
            raise ConfigError("tokenizer 'phone': needs a lexicon; name a pronouncing dictionary, such as CMUdict")
        lines = trainable(texts)
        said = _pronunciations(lexicon, stress)
        phones = {phone for of_word in said.values() for phone in of_word}
        tokens = [BLANK, *(SPACE + phone for phone in sorted(phones))]
        tokenizer = cls(tokens, lexicon="\n".join(" ".join([word, *of_word]) for word, of_word in said.items()))
        if missing := sorted({word for words in lines for word in words if tokenizer._phones(word) is None}):
            raise TextError(f"{lexicon}: lacks {named(missing)}; add them, or drop the lines that hold them")
        return tokenizer

    @property
    def state(self) -> Mapping[str, Any]:
        return {"lexicon": self._lexicon}

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text; TextError names the words outside the lexicon."""
        said = {word: self._phones(word) for word in words_of(text)}
        if missing := sorted(word for word, phones in said.items() if phones is None):
            raise TextError(f"text {shown(text)}: {named(missing)} outside the lexicon; add them, or drop the line")
        return look_up(self._ids, [phone for word in words_of(text) for phone in said[word] or ()], text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the phones of labels with spaces between them; blanks say nothing."""
        return decoded(self.tokens, ids)

    def _phones(self, word: str) -> list[str] | None:
        return self._said.get(word) or self._said.get(word.casefold())

    @cached_property
    def _said(self) -> dict[str, list[str]]:
        """The phones of every word as it is written, and of its casefolded form where no other word has it."""
        lines = [line.split(" ") for line in self._lexicon.split("\n") if line]
        written = {word: phones for word, *phones in lines}
        return {word.casefold(): phones for word, phones in reversed(written.items())} | written


def _pronunciations(path: str | Path, stress: bool) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for line, (entry, *phones) in entries(path):
        if not phones:
            raise ConfigError(f"{path}:{line}: {entry!r} has no pronunciation; write its phones behind it")
        if SPACE in entry or any(SPACE in phone for phone in phones):
            raise ConfigError(f"{path}:{line}: {SPACE!r} stands for the space between words; write it otherwise")
        said.setdefault(word_of(entry), phones if stress else [unstressed(phone) for phone in phones])
    if not said:
        raise ConfigError(f"{path}: no words in it; write a word and its phones on each line")
    return said
