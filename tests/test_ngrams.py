"""Back-off models and word tries as arrays: against plain dictionaries, and compiled against interpreted."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from asr.ngrams import ROOT, DuplicateNgram, Ngrams, Table, WordTrie, advance, build_ngrams, build_trie, step

Model = dict[tuple[int, ...], tuple[float, float]]  # n-gram -> log-probability, log back-off weight

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs the extra `beam`")


# ---- back-off by the book: dictionaries and recursion


def score(model: Model, history: tuple[int, ...], word: int) -> float:
    """Return log p(word | history) as Katz's recursion has it."""
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, (0.0, 0.0))[1] + score(model, history[1:], word)


def random_model(rng: np.random.Generator, vocabulary: int, order: int, keep: float) -> Model:
    """Return a model of all words and a share of the longer n-grams: neither prefixes nor suffixes need be there."""
    model = {}
    for length in range(1, order + 1):
        for ngram in itertools.product(range(vocabulary), repeat=length):
            if length == 1 or rng.random() < keep:
                has_backoff = length < order and rng.random() < 0.7
                scores = np.float32([-rng.exponential(2), rng.normal() if has_backoff else 0])
                model[ngram] = (float(scores[0]), float(scores[1]))
    return model


def tables(model: Model, order: int) -> list[Table]:
    """Return the n-grams of each order; all but the unigrams in disorder."""
    result = []
    for length in range(1, order + 1):
        ngrams = [ngram for ngram in model if len(ngram) == length]
        if length > 1:
            np.random.default_rng(len(ngrams)).shuffle(ngrams)
        scores = np.array([model[ngram] for ngram in ngrams], np.float32).reshape(-1, 2)
        result.append(Table(np.array(ngrams, np.int32).reshape(-1, length), scores[:, 0], scores[:, 1]))
    return result


def random_ngrams(seed: int) -> tuple[Model, Ngrams, int]:
    rng = np.random.default_rng(seed)
    vocabulary, order = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    model = random_model(rng, vocabulary, order, keep=rng.random() ** 2)
    return model, build_ngrams(tables(model, order)), order


@pytest.mark.parametrize("seed", range(60))
def test_every_sequence_scores_as_by_the_book(seed: int) -> None:
    model, ngrams, order = random_ngrams(seed)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        sequence = tuple(rng.integers(0, ngrams.first_child[1] - 1, 12).tolist())
        state = ROOT
        for at, word in enumerate(sequence):
            expected = score(model, sequence[max(0, at - order + 1) : at], word)
            got, state = advance(ngrams, state, word)
            assert got == pytest.approx(expected, abs=1e-5), "float32 of at most 4 terms near 10"


@pytest.mark.parametrize("seed", range(60))
def test_the_arrays_are_what_their_description_says(seed: int) -> None:
    model, ngrams, order = random_ngrams(seed)
    # A node's n-gram is that of its parent and its own word.
    grams: list[tuple[int, ...]] = [()]
    for node in range(len(ngrams.word)):
        children = range(ngrams.first_child[node], ngrams.first_child[node + 1])
        assert children.start == len(grams)
        grams += [(*grams[node], int(ngrams.word[child])) for child in children]
    prefixes = {gram[:length] for gram in model for length in range(order + 1)}
    assert grams == sorted(prefixes, key=lambda gram: (len(gram), gram))
    node_of = {gram: node for node, gram in enumerate(grams)}
    has_more = {gram[:-1] for gram in grams[1:]}
    for node, gram in enumerate(grams[1:], start=1):
        suffixes = [gram[at:] for at in range(1, len(gram) + 1)]
        assert ngrams.failure[node] == next(node_of[suffix] for suffix in suffixes if suffix in node_of)
        states = [s for s in (gram, *suffixes) if s in has_more or model.get(s, (0, 0))[1] or s == ()]
        assert ngrams.context[node] == node_of[states[0]]
        prob, backoff = model.get(gram, (score(model, gram[:-1], gram[-1]), 0.0))
        assert ngrams.prob[node] == pytest.approx(prob, abs=1e-5)
        assert ngrams.backoff[node] == backoff
    types = [array.dtype for array in ngrams]
    assert types == [np.int32, np.float32, np.float32, np.int64, np.int64, np.int64]


def test_a_pruned_context_comes_back_with_its_backed_off_probability() -> None:
    model: Model = {
        (0,): (-1.0, -0.5), (1,): (-2.0, -0.25), (2,): (-3.0, 0.0),
        (0, 1, 2): (-0.125, 0.0),
    }  # fmt: skip
    ngrams = build_ngrams(tables(model, 3))
    inserted = ngrams.first_child[1 + 0]
    assert (ngrams.word[inserted], ngrams.prob[inserted], ngrams.backoff[inserted]) == (1, -2.5, 0)
    _, state = advance(ngrams, ROOT, 0)
    assert advance(ngrams, state, 1) == (-2.5, inserted)
    assert advance(ngrams, inserted, 2) == (-0.125, ROOT)
    assert advance(ngrams, inserted, 0) == (-1.25, 1 + 0), "the back-off weight of (1) still holds"


def test_a_model_of_one_word() -> None:
    ngrams = build_ngrams([Table(np.zeros((1, 1), np.int32), np.float32([-1]), np.float32([0]))])
    assert advance(ngrams, ROOT, 0) == (-1.0, ROOT)
    assert ngrams.first_child.tolist() == [1, 2, 2]


def test_an_order_without_ngrams() -> None:
    model: Model = {(0,): (-1.0, 0.0), (1,): (-2.0, 0.0)}
    assert len(build_ngrams(tables(model, 3)).word) == 3


def test_an_ngram_that_comes_twice_is_named() -> None:
    unigrams = Table(np.array([[0], [1]], np.int32), np.float32([-1, -1]), np.float32([0, 0]))
    ids = np.array([[1, 1], [0, 1], [1, 0], [0, 1]], np.int32)
    with pytest.raises(DuplicateNgram) as caught:
        build_ngrams([unigrams, Table(ids, np.zeros(4, np.float32), np.zeros(4, np.float32))])
    assert (caught.value.order, caught.value.row) == (2, 3)


# ---- the trie of words

WORDS = ["a", "an", "and", "ant", "b", "bé", "be", "été", "日本", "日", "𝄞", "𝄞𝄞", "i", "I", "don't", "x" * 300]


def walk(trie: WordTrie, prefix: str) -> int:
    node = 0
    for char in prefix:
        node = step(trie, node, ord(char))
        if node < 0:
            break
    return node


@pytest.mark.parametrize("words", [WORDS, WORDS[::-1], WORDS[:1], [], ["", "a", "", "ab"]], ids=len)
def test_every_prefix_is_a_node_with_the_best_of_its_words(words: list[str]) -> None:
    log_probs = -np.random.default_rng(0).exponential(3, len(words)).astype(np.float32)
    trie = build_trie(words, log_probs)
    prefixes = {word[:length] for word in words for length in range(1, len(word) + 1)}
    nodes = {walk(trie, prefix) for prefix in prefixes}
    assert nodes == set(range(1, len(trie.char)))
    for prefix in prefixes:
        node = walk(trie, prefix)
        assert trie.word[node] == (words.index(prefix) if prefix in words else -1)
        assert trie.lookahead[node] == max(log_probs[at] for at, word in enumerate(words) if word.startswith(prefix))
    assert trie.word[0] == -1
    assert trie.lookahead[0] == max((log_probs[at] for at, word in enumerate(words) if word), default=-np.inf)
    assert [array.dtype for array in trie] == [np.int32, np.int32, np.int32, np.float32]


@pytest.mark.parametrize("absent", ["c", "ab", "ante", "è", "本", "日本語", "A", "\0", "\U0010ffff"])
def test_what_begins_no_word_leads_nowhere(absent: str) -> None:
    assert walk(build_trie(WORDS, np.zeros(len(WORDS), np.float32)), absent) == -1


def test_children_stand_in_order() -> None:
    trie = build_trie(WORDS, np.zeros(len(WORDS), np.float32))
    for first, end in itertools.pairwise(trie.first_child.tolist()):
        assert (np.diff(trie.char[first:end]) > 0).all()


# ---- compiled


@needs_numba
@pytest.mark.parametrize("seed", range(5))
def test_numba_compiles_the_same_functions(seed: int) -> None:
    numba: Any = pytest.importorskip("numba")
    compiled = numba.njit(advance)
    _, ngrams, _ = random_ngrams(seed)
    states = np.unique(ngrams.context).tolist()
    for state, word in itertools.product(states, range(ngrams.first_child[1] - 1)):
        assert compiled(ngrams, state, word) == advance(ngrams, state, word)


@needs_numba
def test_numba_compiles_the_step() -> None:
    numba: Any = pytest.importorskip("numba")
    compiled = numba.njit(step)
    trie = build_trie(WORDS, np.zeros(len(WORDS), np.float32))
    for node, char in itertools.product(range(20), {*map(ord, "".join(WORDS)), 0}):
        assert compiled(trie, node, char) == step(trie, node, char)


def test_nothing_is_compiled_until_somebody_asks() -> None:
    script = "import sys, asr.ngrams, asr.lm; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"
