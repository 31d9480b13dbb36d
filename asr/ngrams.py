"""Back-off n-gram models and prefix tries of words, as plain arrays that NumPy, numba and a file mapping share.

`advance` and `step` are plain Python over array elements alone, so that `numba.njit` compiles these very functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.types import FloatArray

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]

ROOT = 0
CODE_POINTS = 0x110000


class Ngrams(NamedTuple):
    """A back-off model as a trie over word ids: N nodes, one an n-gram; all scores are natural logarithms.

    Node 0 is the root (the empty context) and node 1 + w is the unigram of word w: every word has one. Nodes stand in
    the order of their length, then of (parent, word), so the children of a node are neighbours and sorted by word.
    """

    word: Int32Array  # [N] last word of the n-gram; -1 at the root
    prob: FloatArray  # [N] log p(word | the words before it)
    backoff: FloatArray  # [N] log back-off weight of the n-gram as a context; 0 where it has none
    first_child: Int64Array  # [N + 1] the children of node i are first_child[i] to first_child[i + 1] - 1
    failure: Int64Array  # [N] node of the longest proper suffix that exists; the root for unigrams
    context: Int64Array  # [N] state after the n-gram: its longest suffix with children or a back-off other than 0


def advance(ngrams: Ngrams, state: int, word: int) -> tuple[float, int]:
    """Return log p(word | state) and the next state; states are nodes, and `word` is an id from 0 on."""
    score = 0.0
    while state != ROOT:
        low, end = int(ngrams.first_child[state]), int(ngrams.first_child[state + 1])
        high = end
        while low < high:
            middle = (low + high) // 2
            if ngrams.word[middle] < word:
                low = middle + 1
            else:
                high = middle
        if low < end and ngrams.word[low] == word:
            return score + float(ngrams.prob[low]), int(ngrams.context[low])
        score += float(ngrams.backoff[state])
        state = int(ngrams.failure[state])
    return score + float(ngrams.prob[1 + word]), int(ngrams.context[1 + word])


class WordTrie(NamedTuple):
    """The prefix trie of a vocabulary over Unicode code points: M nodes, node 0 the root."""

    char: Int32Array  # [M] last code point of the prefix; -1 at the root
    first_child: Int32Array  # [M + 1] the children of node i, sorted by char: first_child[i] to first_child[i + 1] - 1
    word: Int32Array  # [M] id of the word that ends here, else -1
    lookahead: FloatArray  # [M] greatest unigram log-probability of the words at or below the node


def step(trie: WordTrie, node: int, char: int) -> int:
    """Return the child of `node` for a code point, or -1."""
    low, end = int(trie.first_child[node]), int(trie.first_child[node + 1])
    high = end
    while low < high:
        middle = (low + high) // 2
        if trie.char[middle] < char:
            low = middle + 1
        else:
            high = middle
    if low < end and trie.char[low] == char:
        return low
    return -1


# ---- making a trie of words


def build_trie(words: Sequence[str], log_probs: FloatArray) -> WordTrie:
    """Return the trie of the words; the place of a word is its id, and its log-probability [V] feeds the look-ahead.

    An empty string takes an id and stays out of the trie. Of equal words the last one's id is kept.
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    chars = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<i4")
    starts = np.cumsum(lengths) - lengths
    levels = [_Level(np.full(1, -1), np.zeros(1, np.int64), np.full(1, -1), np.full(1, -np.inf))]
    alive = np.flatnonzero(lengths)  # the words that reach the level, with the node that each has reached
    reached = np.zeros(len(alive), np.int64)
    np.maximum.at(levels[0].lookahead, reached, log_probs[alive])
    first = 1
    while len(alive):
        depth = len(levels)
        keys, place = np.unique(reached * CODE_POINTS + chars[starts[alive] + depth - 1], return_inverse=True)
        ends = lengths[alive] == depth
        level = _Level(keys % CODE_POINTS, keys // CODE_POINTS, np.full(len(keys), -1), np.full(len(keys), -np.inf))
        level.word[place[ends]] = alive[ends]
        np.maximum.at(level.lookahead, place, log_probs[alive])
        levels.append(level)
        alive, reached = alive[~ends], first + place[~ends]
        first += len(keys)
    char, parent, word, lookahead = (np.concatenate(column) for column in zip(*levels, strict=True))
    return WordTrie(
        char.astype(np.int32),
        _first_children(parent).astype(np.int32),
        word.astype(np.int32),
        lookahead.astype(np.float32),
    )


class _Level(NamedTuple):
    """The nodes of a trie at one depth."""

    char: Int64Array
    parent: Int64Array
    word: Int64Array
    lookahead: npt.NDArray[np.float64]


def _first_children(parent: Int64Array) -> Int64Array:
    """Return where the children of each node begin, [N + 1]; nodes stand in the order of their parents."""
    counts = np.bincount(parent[1:], minlength=len(parent))
    return 1 + np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


# ---- making a model of n-grams


class Table(NamedTuple):
    """The n-grams of one order K, in any order; the unigrams alone stand in the order of their ids, each id once."""

    ids: Int32Array  # [n, K] word ids
    prob: FloatArray  # [n] log-probabilities
    backoff: FloatArray  # [n] log back-off weights, 0 where there is none


class DuplicateNgram(ValueError):
    """An n-gram that comes twice: its order, and which of the rows of its table repeats an earlier one."""

    def __init__(self, order: int, row: int) -> None:
        super().__init__(f"row {row} of order {order} repeats an earlier one")
        self.order, self.row = order, row


def build_ngrams(tables: Sequence[Table]) -> Ngrams:
    """Return the model of the n-grams of orders 1, 2, ..., one table an order.

    The context of an n-gram may be absent, as in pruned models: it is added with its backed-off probability, which
    changes no score. Raises DuplicateNgram.
    """
    vocabulary = len(tables[0].prob)
    levels, nodes = _number(tables, vocabulary)
    keys = np.concatenate(levels)  # [N] parent * vocabulary + word: strictly rising
    parent = np.maximum(keys, 0) // vocabulary
    prob, backoff = np.full(len(keys), np.nan, np.float32), np.zeros(len(keys), np.float32)
    prob[ROOT] = 0
    for table, at in zip(tables, nodes, strict=True):
        prob[at], backoff[at] = table.prob, table.backoff
    bounds = np.cumsum([len(level) for level in levels])  # the nodes of order k are bounds[k - 1] to bounds[k] - 1
    failure = _failures(keys, parent, prob, backoff, bounds)
    first_child = _first_children(parent)
    word = np.where(keys < 0, -1, keys % vocabulary).astype(np.int32)
    context = _contexts(first_child, backoff, failure, bounds)
    return Ngrams(word, prob, backoff, first_child, failure, context)


def _number(tables: Sequence[Table], vocabulary: int) -> tuple[list[Int64Array], list[Int64Array]]:
    """Return the sorted keys of the nodes of each order from 0 on, and the node of every row of every table."""
    levels = [np.full(1, -1, np.int64)]
    nodes = [np.zeros(len(table.prob), np.int64) for table in tables]  # of the words of each row so far
    first = 1
    for depth in range(len(tables)):
        keys = [at * vocabulary + rows.ids[:, depth] for at, rows in zip(nodes[depth:], tables[depth:], strict=True)]
        # Longer n-grams count too: a context may be absent from its own table.
        level, places = np.unique(np.concatenate(keys), return_inverse=True)
        nodes[depth:] = np.split(first + places, np.cumsum([len(part) for part in keys[:-1]]))
        _refuse_duplicates(nodes[depth] - first, len(level), order=depth + 1)
        levels.append(level)
        first += len(level)
    return levels, nodes


def _refuse_duplicates(places: Int64Array, size: int, order: int) -> None:
    if np.bincount(places, minlength=size).max(initial=0) > 1:
        first_rows = np.unique(places, return_index=True)[1]
        raise DuplicateNgram(order, int(np.setdiff1d(np.arange(len(places)), first_rows)[0]))


def _failures(
    keys: Int64Array, parent: Int64Array, prob: FloatArray, backoff: FloatArray, bounds: Int64Array
) -> Int64Array:
    """Return the failure of every node, and fill in `prob` where it is NaN (contexts that were absent)."""
    vocabulary = int(bounds[1] - bounds[0])
    failure = np.zeros(len(keys), np.int64)
    for first, end in pairwise(bounds[1:]):
        word = keys[first:end] % vocabulary
        state = parent[first:end].copy()
        cost = np.zeros(end - first)
        todo = np.arange(end - first)  # those whose suffix is still to be found: the root has every word
        while len(todo):
            cost[todo] += backoff[state[todo]]
            state[todo] = failure[state[todo]]
            wanted = state[todo] * vocabulary + word[todo]
            found = _search(keys[:first], wanted)
            hit = keys[np.minimum(found, first - 1)] == wanted
            failure[first + todo[hit]] = found[hit]
            todo = todo[~hit]
        absent = first + np.flatnonzero(np.isnan(prob[first:end]))
        prob[absent] = cost[absent - first] + prob[failure[absent]]
    return failure


def _search(keys: Int64Array, wanted: Int64Array) -> Int64Array:
    """Do np.searchsorted in the order of the keys: many times faster than jumping to and fro in a large array."""
    by_key = np.argsort(wanted)
    found = np.empty_like(wanted)
    found[by_key] = np.searchsorted(keys, wanted[by_key])
    return found


def _contexts(first_child: Int64Array, backoff: FloatArray, failure: Int64Array, bounds: Int64Array) -> Int64Array:
    is_context = (first_child[1:] > first_child[:-1]) | (backoff != 0)
    context = np.zeros(len(failure), np.int64)
    for first, end in pairwise(bounds):  # from short to long: a failure is shorter
        context[first:end] = np.where(is_context[first:end], np.arange(first, end), context[failure[first:end]])
    return context
