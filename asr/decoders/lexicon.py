"""Lexicons: the only words that a search may say, as they are spelled or as a dictionary pronounces them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr.errors import ConfigError
from asr.tokenizers import SPACE
from asr.tokenizers.dictionary import entries, word_of


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words, and for each of them its pronunciations in tokens; without any, words are said as they are spelled."""

    words: tuple[str, ...]
    pronunciations: tuple[tuple[tuple[int, ...], ...], ...] = ()  # of each word: sequences of the tokens' numbers


def read_lexicon(path: str | Path, tokens: Sequence[str], phones: Mapping[str, str] | None = None) -> Lexicon:
    """Return the lexicon of a UTF-8 file: a word a line, or a pronouncing dictionary in the form of CMUdict.

    Which it is, the first line tells; `asr.tokenizers.dictionary` has the form of the latter. `phones` maps phones to
    tokens; a phone that it lacks is a token itself, with SPACE before it or not, as it stands or without the digit of
    its stress.
    Raises MissingFile, and ConfigError that names the file and the line.
    """
    lines = list(entries(path))
    if not lines:
        raise ConfigError(f"{path}: no words in it; write one a line")
    if len(lines[0][1]) == 1:
        return _word_list(Path(path), lines, tokens)
    return _dictionary(Path(path), lines, tokens, phones or {})


def spells(word: str, tokens: Collection[str]) -> bool:
    """Return whether tokens can be joined to the word, as its beginning with or without SPACE."""
    longest = max(map(len, tokens), default=0)
    for text in (word, SPACE + word):
        reached = {0}
        for end in range(1, len(text) + 1):
            if any(text[start:end] in tokens for start in range(max(0, end - longest), end) if start in reached):
                reached.add(end)
        if len(text) in reached:
            return True
    return False


def unspelled(word: str, tokens: Collection[str]) -> str:
    """Return why tokens cannot spell a word, as the middle of a sentence."""
    letters = {char for token in tokens for char in token}
    if missing := sorted({char for char in word if char not in letters}):
        return f"has {', '.join(map(repr, missing))} outside the token set"
    return "cannot be joined from tokens"


def _word_list(path: Path, lines: list[tuple[int, list[str]]], tokens: Sequence[str]) -> Lexicon:
    known = frozenset(tokens)
    for number, fields in lines:
        if len(fields) > 1:
            raise ConfigError(
                f"{path}:{number}: {' '.join(fields)!r} is more than one word, and the first line is one; "
                "write one word a line, or its pronunciation behind every word"
            )
        if not spells(fields[0], known):
            raise ConfigError(
                f"{path}:{number}: {fields[0]!r} {unspelled(fields[0], known)}; "
                "write it as the model's training text is written, or take it out"
            )
    return Lexicon(tuple(dict.fromkeys(fields[0] for _, fields in lines)))


def _dictionary(
    path: Path, lines: list[tuple[int, list[str]]], tokens: Sequence[str], phones: Mapping[str, str]
) -> Lexicon:
    numbers = {token: number for number, token in enumerate(tokens)}
    found: dict[str, dict[tuple[int, ...], None]] = {}
    for line, (entry, *said) in lines:
        if not said:
            raise ConfigError(f"{path}:{line}: {entry!r} has no pronunciation; write its phones behind it")
        labels = tuple(_label(f"{path}:{line}", phone, numbers, phones) for phone in said)
        _check_begin(f"{path}:{line}", tokens[labels[0]], tokens)
        found.setdefault(word_of(entry), {})[labels] = None
    return Lexicon(tuple(found), tuple(tuple(pronunciations) for pronunciations in found.values()))


def _label(place: str, phone: str, numbers: Mapping[str, int], phones: Mapping[str, str]) -> int:
    names = [phones[phone]] if phone in phones else [phone, phone.rstrip("012")]
    for name in names:
        for token in (name, SPACE + name):
            if token in numbers and token != SPACE:
                return numbers[token]
    raise ConfigError(f"{place}: phone {names[0]!r} is no token of the model; map it to one, or take the line out")


def _check_begin(place: str, first: str, tokens: Sequence[str]) -> None:
    """Refuse a word that could only be the first of an utterance, where words begin with SPACE and it does not."""
    if SPACE not in tokens and not first.startswith(SPACE) and any(token.startswith(SPACE) for token in tokens):
        raise ConfigError(
            f"{place}: no word can begin with the token {first!r}; begin it with one that starts with {SPACE!r}"
        )
