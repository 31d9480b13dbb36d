"""Counting: how often every window of words occurs in texts, in memory that grows with the different windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.errors import DataError, MissingFile
from asr.lm.texts import numbered

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]

SPECIAL = ("<unk>", "<s>", "</s>")
UNKNOWN, BOS, EOS = range(len(SPECIAL))
RESERVED = (*SPECIAL, "<UNK>")  # readers take the last for the first

CHUNK_TOKENS = 1 << 20  # sorted at a time


class Windows(NamedTuple):
    """R different windows of as many words as the order has, each with how often it occurs.

    A window ends at every word and at every </s>, and is filled up with <s> at the start of its sentence. Words run
    backwards, `words[0]` being the last of each, and the windows stand in their order: those with an end in common are
    neighbours.
    """

    words: Int32Array  # [order, R]
    counts: Int64Array  # [R]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in the texts; the place of a word in `words` is its id."""

    words: Sequence[str]
    windows: Windows
    tokens: int  # running words, without the marks of the sentences
    sentences: int
    empty_sentences: int


class _Vocabulary(dict[str, int]):
    """Word -> id; a word not seen before gets the next one. Raises ValueError for a word that no model may hold."""

    def __missing__(self, word: str) -> int:
        if word in RESERVED:
            raise ValueError(f"{word!r} is a mark that the model itself needs; take it out of the text")
        if "\0" in word:
            raise ValueError("holds a NUL character, so it is no text in UTF-8; save it as UTF-8")
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise ValueError(f"{word!r} holds half of a surrogate pair; write the whole character")
        self[word] = number = len(SPECIAL) + len(self)
        return number


def count(texts: Sequence[Path], order: int, rule: Callable[[str], str]) -> Counts:
    """Count the windows of texts after `rule` has rewritten each line.

    Raises MissingFile, and DataError naming the file and the line that cannot be used, or where there are no words.
    """
    vocabulary = _Vocabulary()
    tally = _Tally()
    windows = _merged(_chunks(_encoded(texts, rule, vocabulary), order, tally))
    if windows is None or not vocabulary:
        raise DataError(f"{named(texts)}: no words; name a text with one sentence a line")
    return Counts([*SPECIAL, *vocabulary], windows, tally.tokens, tally.sentences, tally.empty_sentences)


def named(texts: Sequence[Path]) -> str:
    """Return how an error calls the texts as a whole."""
    return f"{texts[0]}{f' and {len(texts) - 1} more' if len(texts) > 1 else ''}" if texts else "texts"


@dataclass(slots=True)
class _Tally:
    tokens: int = 0
    sentences: int = 0
    empty_sentences: int = 0

    def add(self, words: int) -> None:
        self.tokens += words
        self.sentences += 1
        self.empty_sentences += not words


def _encoded(texts: Sequence[Path], rule: Callable[[str], str], vocabulary: _Vocabulary) -> Iterator[list[int]]:
    """Yield the ids of the words of every sentence."""
    for path in texts:
        for number, sentence in _read(path):
            try:
                yield [*map(vocabulary.__getitem__, rule(sentence).split())]
            except ValueError as error:
                raise DataError(f"{path}:{number}: {error}") from error


def _read(path: Path) -> Iterator[tuple[int, str]]:
    try:
        yield from numbered(path)
    except MissingFile:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the file") from error


def _chunks(encoded: Iterable[list[int]], order: int, tally: _Tally) -> Iterator[Windows]:
    """Yield the windows of as many sentences at a time as make a chunk."""
    padding = [BOS] * (order - 1)
    ids: list[int] = []
    for sentence in encoded:
        tally.add(len(sentence))
        ids += padding
        ids += sentence
        ids.append(EOS)
        if len(ids) >= CHUNK_TOKENS:
            yield _windows(np.array(ids, np.int32), order)
            ids = []
    if ids:
        yield _windows(np.array(ids, np.int32), order)


def _windows(ids: Int32Array, order: int) -> Windows:
    ends = np.flatnonzero(ids != BOS)
    words = np.stack([ids[ends - back] for back in range(order)])  # [order, T]
    return _different(words, np.ones(len(ends), np.int64))


def _merged(chunks: Iterable[Windows]) -> Windows | None:
    """Return the sum of all chunks, of which never more than about twice the result is kept."""
    runs: list[Windows] = []
    for chunk in chunks:
        runs.append(chunk)
        while len(runs) > 1 and len(runs[-2].counts) <= 2 * len(runs[-1].counts):
            runs.append(_sum(runs.pop(), runs.pop()))
    while len(runs) > 1:
        runs.append(_sum(runs.pop(), runs.pop()))
    return runs[0] if runs else None


def _sum(one: Windows, other: Windows) -> Windows:
    return _different(np.hstack([one.words, other.words]), np.concatenate([one.counts, other.counts]))


def _different(words: Int32Array, counts: Int64Array) -> Windows:
    """Sort the windows [order, T] and add up the counts [T] of equal ones."""
    keys = _keys(words)
    by_key = np.argsort(keys, kind="stable")  # which merges what is already in order
    keys = keys[by_key]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return Windows(words[:, by_key[starts]], np.add.reduceat(counts[by_key], starts))


def _keys(words: Int32Array) -> Int64Array:
    """Return one number a window [T], in the order of the windows."""
    base = size = int(words.max()) + 1
    keys: Int64Array = words[0].astype(np.int64)
    for column in words[1:]:
        if size * base > np.iinfo(np.int64).max:  # more words do not fit: number what there is
            known, numbers = np.unique(keys, return_inverse=True)
            size, keys = len(known), numbers.astype(np.int64, copy=False)
        keys = keys * base + column
        size *= base
    return keys
