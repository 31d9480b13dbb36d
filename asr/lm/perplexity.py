"""Perplexity: how well a model foretells a text, with the counts behind it, as KenLM's `query` says them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from asr.errors import DataError
from asr.lm.model import LanguageModel
from asr.ngrams import ROOT, Int64Array, Ngrams

BATCH_SENTENCES = 8192  # scored side by side
LARGEST = 700.0  # exp of more has no room in a float


@dataclass(frozen=True, slots=True)
class Perplexity:
    """What a model makes of sentences; a token is a word or the end of a sentence.

    `including` counts every token, `excluding` leaves out the unknown words.
    """

    including: float
    excluding: float
    sentences: int
    words: int
    unknown: int  # of the words


def perplexity(model: LanguageModel, lines: Iterable[str]) -> Perplexity:
    """Return the perplexity of a model on sentences, one a line, words parted by white space.

    An empty line is a sentence without words. Raises DataError without lines.
    """
    total = unknown_total = 0.0
    sentences = words = unknown = 0
    remaining = iter(lines)
    while batch := list(islice(remaining, BATCH_SENTENCES)):
        rows = [[*map(model.word_id, line.split()), model.eos] for line in batch]
        tokens, scores = _scores(model, rows)
        is_unknown = tokens == model.unk
        total += float(scores.sum())
        unknown_total += float(scores[is_unknown].sum())
        sentences += len(batch)
        words += len(tokens) - len(batch)
        unknown += int(is_unknown.sum())
    if not sentences:
        raise DataError("no sentence to measure the perplexity on; name a text that is not empty")
    including = _per_token(total, words + sentences)
    excluding = _per_token(total - unknown_total, words + sentences - unknown)
    return Perplexity(including, excluding, sentences, words, unknown)


def _per_token(total: float, tokens: int) -> float:
    entropy = -total / tokens
    return math.exp(entropy) if entropy < LARGEST else math.inf


def _scores(model: LanguageModel, rows: Sequence[Sequence[int]]) -> tuple[Int64Array, npt.NDArray[np.float64]]:
    """Return the ids of all tokens and their log-probabilities, sentence beside sentence, [tokens] each."""
    rows = sorted(rows, key=len, reverse=True)  # so that at each position those that go on come first
    lengths = np.array([len(row) for row in rows])
    ids = np.concatenate([np.array(row, np.int64) for row in rows])
    starts = np.cumsum(lengths) - lengths
    scores = np.empty(len(ids))
    states = np.full(len(rows), model.start)
    for position in range(lengths[0]):
        at = starts[: np.count_nonzero(lengths > position)] + position
        scores[at], states = advance_all(model.ngrams, states[: len(at)], ids[at])
    return ids, scores


def advance_all(ngrams: Ngrams, states: Int64Array, words: Int64Array) -> tuple[npt.NDArray[np.float64], Int64Array]:
    """Do `asr.ngrams.advance` for many states and words at once, [S] each."""
    scores, nodes, states = np.zeros(len(states)), 1 + words, states.copy()
    todo = np.flatnonzero(states != ROOT)
    while len(todo):
        found = _children(ngrams, states[todo], words[todo])
        nodes[todo[found >= 0]] = found[found >= 0]
        todo = todo[found < 0]
        scores[todo] += ngrams.backoff[states[todo]]
        states[todo] = ngrams.failure[states[todo]]
        todo = todo[states[todo] != ROOT]
    return scores + ngrams.prob[nodes], ngrams.context[nodes]


def _children(ngrams: Ngrams, states: Int64Array, words: Int64Array) -> Int64Array:
    """Return the child of each state for a word, or -1."""
    low, end = ngrams.first_child[states], ngrams.first_child[states + 1]
    high = end
    last = len(ngrams.word) - 1
    for _ in range(int((high - low).max()).bit_length()):
        middle = np.minimum((low + high) // 2, last)
        less = (ngrams.word[middle] < words) & (low < high)
        low, high = np.where(less, middle + 1, low), np.where(less, high, np.minimum(middle, high))
    return np.where((low < end) & (ngrams.word[np.minimum(low, last)] == words), low, -1)
