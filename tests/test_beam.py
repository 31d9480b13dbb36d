"""Beam search: sums over all paths by brute force, a plain search beside the compiled one, streams, what is refused."""

from __future__ import annotations

import functools
import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import asr.decoders
from asr import lm as language_models
from asr.decoders import Beam, Lexicon
from asr.errors import AsrError
from asr.tokenizers import join_tokens
from asr.types import FloatArray, Hypothesis

pytest.importorskip("numba")

INF = math.inf
WIDE: dict[str, Any] = {"beam": 3000, "nbest": 3000, "token_margin": INF, "beam_margin": INF}  # nothing is pruned
CHARACTERS = ("<blk>", "▁", "a", "b")
PIECES = ("<blk>", "ab", "▁a", "b", "▁", "a")
WORDS = ("<blk>", "▁a", "▁b", "▁ab")
TOKEN_SETS = (CHARACTERS, PIECES, WORDS)
SHIFT_S = 0.04
SPACE = "▁"


def log_softmax(scores: npt.ArrayLike) -> FloatArray:
    scores = np.asarray(scores, dtype=np.float64)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)), dtype=np.float32)


def noise(frames: int, vocabulary: int, seed: int = 0, spread: float = 2.0) -> FloatArray:
    return log_softmax(np.random.default_rng(seed).normal(size=(frames, vocabulary)) * spread)


# ---- the answers, from the definitions


def all_sequences(log_probs: FloatArray, blank: int = 0) -> dict[tuple[int, ...], float]:
    """Return the log-probability of every label sequence: the sum over its paths."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        labels = tuple(label for label, _ in itertools.groupby(path) if label != blank)
        score = sum(float(row[label]) for row, label in zip(log_probs, path, strict=True))
        found[labels] = float(np.logaddexp(found.get(labels, -INF), score))
    return found


Ngrams = Mapping[tuple[str, ...], tuple[float, float]]


def probability(ngrams: Ngrams, history: tuple[str, ...], word: str) -> float:
    """Return log p(word | history) by the definition of back-off (Katz 1987)."""
    if (*history, word) in ngrams:
        return ngrams[(*history, word)][0]
    return ngrams.get(history, (0.0, 0.0))[1] + probability(ngrams, history[1:], word)


@dataclass(frozen=True)
class Scorer:
    """What is to be added to the acoustic score of a text, from the definitions and without a state."""

    ngrams: Ngrams | None = None
    lm_weight: float = 0.0
    word_bonus: float = 0.0
    unknown_price: float = 0.0
    open_vocabulary: bool = True
    hot: Mapping[tuple[str, ...], float] | None = None  # phrases, what a letter is worth
    listed: frozenset[str] | None = None

    def lm(self, words: Sequence[str]) -> float:
        if self.ngrams is None:
            return 0.0
        known = [word if (word,) in self.ngrams else "<unk>" for word in words]
        history, total = ["<s>"], 0.0
        for word in [*known, "</s>"]:
            total += probability(self.ngrams, tuple(history[-2:]), word)
            history.append(word)
        return total

    def allowed(self, words: Sequence[str]) -> bool:
        unknown = self.ngrams is not None and not self.open_vocabulary and any((w,) not in self.ngrams for w in words)
        return not unknown and (self.listed is None or self.listed.issuperset(words))

    def alone(self, phrase: tuple[str, ...]) -> float:
        """Return what a phrase earns beyond the phrases inside of it."""
        hot = self.hot or {}
        inner = [other for other in hot if other != phrase and count(other, phrase)]
        nested = sum(count(other, phrase) * self.alone(other) for other in inner)
        return max(0.0, hot[phrase] * len("".join(phrase)) - nested)

    def earned(self, words: Sequence[str]) -> float:
        return sum(count(phrase, words) * self.alone(phrase) for phrase in self.hot or {})

    def added(self, words: Sequence[str]) -> float:
        unknown = sum((word,) not in self.ngrams for word in words) if self.ngrams else 0
        fixed = self.word_bonus * len(words) - self.unknown_price * unknown + self.earned(words)
        return self.lm_weight * self.lm(words) + fixed

    def so_far(self, text: str) -> float:
        """Return what is added to a text (SPACE before each word, and behind the last one that is over) on its way."""
        *over, under_way = text[1:].split(SPACE)
        scorer = replace(self, hot=None)
        lm_end = self.lm(over) - self.lm_without_end(over)
        added = scorer.added(over) - self.lm_weight * lm_end + self.ahead(under_way)
        return added + self.heard(text) + self.lent(text)

    def lm_without_end(self, words: Sequence[str]) -> float:
        known = [word if (word,) in (self.ngrams or {}) else "<unk>" for word in words]
        history = ("<s>", *known)[-2:]
        return self.lm(words) - (probability(self.ngrams, history, "</s>") if self.ngrams else 0.0)

    def ahead(self, under_way: str) -> float:
        """Return what is lent to a word that has begun: its bonus and the best of what it can become."""
        if not under_way:
            return 0.0
        known = [self.ngrams[(word,)][0] for word in self.words if word.startswith(under_way)] if self.ngrams else [0.0]
        unknown = self.lm_weight * self.ngrams[("<unk>",)][0] - self.unknown_price if self.ngrams else 0.0
        return self.word_bonus + (self.lm_weight * max(known) if known else unknown)

    @property
    def words(self) -> list[str]:
        return [gram[0] for gram in self.ngrams or {} if len(gram) == 1 and "<" not in gram[0]]

    def may_become(self, text: str) -> bool:
        """Return whether the words that are over are allowed, and the one under way begins one that is."""
        *over, under_way = text[1:].split(SPACE)
        begins = [word for word in (self.listed or self.words) if word.startswith(under_way)]
        closed = self.listed is not None or (self.ngrams is not None and not self.open_vocabulary)
        return self.allowed(over) and (not closed or bool(begins))

    def heard(self, text: str) -> float:
        """Return what hot words have earned in a text on its way."""
        return sum(
            text.startswith(pattern, at) * self.alone(phrase)
            for phrase, pattern in self.patterns.items()
            for at in range(len(text))
        )

    def lent(self, text: str) -> float:
        """Return what is lent for the longest hot phrase under way: its letters, less what they have earned."""
        suffixes = [text[at:] for at, char in enumerate(text) if char == SPACE]
        return max([0.0, *(self.owed(suffix) for suffix in suffixes)])

    def owed(self, suffix: str) -> float:
        worth = [self.hot[phrase] for phrase, pattern in self.patterns.items() if pattern.startswith(suffix)]
        return max(worth) * len(suffix.replace(SPACE, "")) - self.heard(suffix) if worth else 0.0

    @property
    def patterns(self) -> dict[tuple[str, ...], str]:
        return {phrase: SPACE + SPACE.join(phrase) + SPACE for phrase in self.hot or {}}


def count(phrase: Sequence[str], words: Sequence[str]) -> int:
    size = len(phrase)
    return sum(tuple(words[at : at + size]) == tuple(phrase) for at in range(len(words) - size + 1))


def expected(log_probs: FloatArray, tokens: Sequence[str], scorer: Scorer) -> dict[str, tuple[float, float, float]]:
    """Return (acoustic, lm, total) of every text that may be said."""
    texts: dict[str, float] = {}
    for labels, acoustic in all_sequences(log_probs).items():
        text = join_tokens([tokens[label] for label in labels])
        texts[text] = float(np.logaddexp(texts.get(text, -INF), acoustic))
    return {
        text: (acoustic, scorer.lm(text.split()), acoustic + scorer.added(text.split()))
        for text, acoustic in texts.items()
        if scorer.allowed(text.split())
    }


def agree(found: Sequence[Hypothesis], wanted: Mapping[str, tuple[float, float, float]]) -> None:
    assert {hypothesis.text for hypothesis in found} == set(wanted)
    for hypothesis in found:
        scores = (hypothesis.acoustic, hypothesis.lm, hypothesis.total)
        assert scores == pytest.approx(wanted[hypothesis.text], abs=1e-4), hypothesis.text
    totals = [hypothesis.total or 0.0 for hypothesis in found]
    assert totals == sorted(totals, reverse=True)


# ---- language models to ask


def random_ngrams(seed: int) -> dict[tuple[str, ...], tuple[float, float]]:
    """Return a back-off model of order 3 over short words; its probabilities need not sum to 1."""
    rng = np.random.default_rng(seed)
    words = sorted(rng.choice(["a", "b", "ab", "ba", "aab", "bb", "abab"], size=4, replace=False))
    every = ["<s>", "</s>", "<unk>", *words]

    def entry() -> tuple[float, float]:
        return float(rng.uniform(-6, -0.1)), float(rng.uniform(-1.5, 0.5))

    ngrams = {(word,): entry() for word in every}
    for order in (2, 3):
        for gram in itertools.product(every[:1] + every[2:], repeat=order):
            if rng.random() < 0.3 and gram[:-1] in ngrams and gram[1:] in ngrams and "<s>" not in gram[1:]:
                ngrams[tuple(gram)] = entry()
        ngrams |= {(*gram[:-1], "</s>"): entry() for gram in list(ngrams) if len(gram) == order and rng.random() < 0.3}
    return {gram: scores for gram, scores in ngrams.items() if len(gram) < 3 or gram[:-1] in ngrams}


def arpa(ngrams: Ngrams) -> str:
    lines = ["\\data\\"]
    by_order = {order: [gram for gram in ngrams if len(gram) == order] for order in (1, 2, 3)}
    lines += [f"ngram {order}={len(grams)}" for order, grams in by_order.items()]
    for order, grams in by_order.items():
        lines += ["", f"\\{order}-grams:"]
        for gram in grams:
            log_prob, backoff = (value / math.log(10) for value in ngrams[gram])
            lines.append(f"{log_prob:.9f}\t{' '.join(gram)}" + (f"\t{backoff:.9f}" if order < 3 else ""))
    return "\n".join([*lines, "", "\\end\\", ""])


@functools.cache
def model(seed: int, folder: Path) -> language_models.LanguageModel:
    path = folder / f"{seed}.arpa"
    path.write_text(arpa(random_ngrams(seed)))
    return language_models.load(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


# ---- the sum over all paths

CASES = st.tuples(st.integers(0, 4), st.integers(0, 10**6), st.sampled_from([0.5, 2.0, 5.0]))
exhaustive = settings(deadline=None, derandomize=True, database=None)


@settings(exhaustive, max_examples=1000)
@given(CASES, st.sampled_from(TOKEN_SETS), st.floats(-2, 2))
def test_equals_the_sum_over_all_paths(
    case: tuple[int, int, float], tokens: tuple[str, ...], word_bonus: float
) -> None:
    frames, seed, spread = case
    log_probs = noise(frames, len(tokens), seed, spread)
    found = Beam(tokens, word_bonus=word_bonus, **WIDE).decode_nbest(log_probs, frame_shift_s=SHIFT_S)
    agree(found, expected(log_probs, tokens, Scorer(word_bonus=word_bonus)))


@settings(exhaustive, max_examples=1000)
@given(CASES, st.sampled_from(TOKEN_SETS), st.integers(0, 5), st.booleans(), st.floats(0, 2), st.floats(0, 3))
def test_with_a_language_model(
    folder: Path, case: tuple[int, int, float], tokens: tuple[str, ...], seed: int, is_open: bool, weight: float,
    price: float,
) -> None:  # fmt: skip
    frames, noise_seed, spread = case
    log_probs = noise(frames, len(tokens), noise_seed, spread)
    settings = {"lm_weight": weight, "unknown_price": price, "open_vocabulary": is_open, "word_bonus": 0.5}
    found = Beam(tokens, lm=model(seed, folder), **settings, **WIDE).decode_nbest(log_probs, frame_shift_s=SHIFT_S)
    agree(found, expected(log_probs, tokens, Scorer(random_ngrams(seed), **settings)))


phrases = st.dictionaries(
    st.sampled_from(["a", "b", "ab", "a b", "b a", "a b a", "bb", "ba ab"]), st.floats(0.2, 2), max_size=4
)


@settings(exhaustive, max_examples=150)
@given(CASES, st.sampled_from(TOKEN_SETS[:2]), st.none() | st.integers(0, 3), phrases)
def test_with_hot_words(
    folder: Path, case: tuple[int, int, float], tokens: tuple[str, ...], seed: int | None, hot: dict[str, float]
) -> None:
    frames, noise_seed, spread = case
    log_probs = noise(frames, len(tokens), noise_seed, spread)
    settings = {} if seed is None else {"lm_weight": 0.7, "unknown_price": 1.0}
    beam = Beam(
        tokens, hotwords=hot, hotword_weight=1.5, lm=None if seed is None else model(seed, folder), **settings, **WIDE
    )
    worth = {tuple(phrase.split()): 1.5 * weight for phrase, weight in hot.items()}
    scorer = Scorer(None if seed is None else random_ngrams(seed), hot=worth, **settings)
    agree(beam.decode_nbest(log_probs, frame_shift_s=SHIFT_S), expected(log_probs, tokens, scorer))


@settings(exhaustive, max_examples=150)
@given(
    CASES,
    st.sampled_from(TOKEN_SETS[:2]),
    st.none() | st.integers(0, 3),
    st.booleans(),
    st.sets(st.sampled_from(["a", "b", "ab", "bb", "aab"]), min_size=1),
)
def test_with_a_list_of_words(
    folder: Path, case: tuple[int, int, float], tokens: tuple[str, ...], seed: int | None, is_open: bool,
    listed: set[str],
) -> None:  # fmt: skip
    frames, noise_seed, spread = case
    log_probs = noise(frames, len(tokens), noise_seed, spread)
    settings = {} if seed is None else {"lm_weight": 0.7, "unknown_price": 1.0, "open_vocabulary": is_open}
    scorer = Scorer(None if seed is None else random_ngrams(seed), listed=frozenset(listed), **settings)
    if not any(scorer.allowed([word]) for word in listed):
        return  # refused
    beam = Beam(
        tokens, lexicon=Lexicon(tuple(sorted(listed))), lm=None if seed is None else model(seed, folder),
        **settings, **WIDE,
    )  # fmt: skip
    agree(beam.decode_nbest(log_probs, frame_shift_s=SHIFT_S), expected(log_probs, tokens, scorer))


SAID = {"a": ((2,), (3, 2)), "ab": ((2, 3),), "bb": ((3, 3), (2, 3)), "b": ((3,),)}  # 3 2 is "a", and "b a"


def readings(labels: tuple[int, ...], space: int | None) -> Iterator[tuple[str, ...]]:
    """Yield the words that a label sequence can be read as, once for every way to part it."""
    if not labels:
        yield ()
    elif space is not None:
        groups = [tuple(group) for is_space, group in itertools.groupby(labels, space.__eq__) if not is_space]
        yield from itertools.product(*([word for word, ways in SAID.items() if group in ways] for group in groups))
    else:
        for word, ways in SAID.items():
            for way in ways:
                if labels[: len(way)] == way:
                    yield from ((word, *rest) for rest in readings(labels[len(way) :], None))


@settings(exhaustive, max_examples=100)
@given(CASES, st.booleans(), st.none() | st.integers(0, 3), phrases)
def test_with_a_pronouncing_dictionary(
    folder: Path, case: tuple[int, int, float], marked: bool, seed: int | None, hot: dict[str, float]
) -> None:
    frames, noise_seed, spread = case
    tokens = ("<blk>", "▁" if marked else "S", "A", "B")
    log_probs = noise(frames, len(tokens), noise_seed, spread)
    hot = {phrase: weight for phrase, weight in hot.items() if set(phrase.split()) <= set(SAID)}
    settings = {} if seed is None else {"lm_weight": 0.7, "unknown_price": 1.0}
    beam = Beam(
        tokens, lexicon=Lexicon(tuple(SAID), tuple(SAID.values())), hotwords=hot, hotword_weight=1.5,
        lm=None if seed is None else model(seed, folder), **settings, **WIDE,
    )  # fmt: skip
    worth = {tuple(phrase.split()): 1.5 * weight for phrase, weight in hot.items()}
    scorer = Scorer(None if seed is None else random_ngrams(seed), hot=worth, **settings)
    texts: dict[str, float] = {}
    for labels, acoustic in all_sequences(log_probs).items():
        for words in readings(labels, 1 if marked else None):
            text = " ".join(words)
            texts[text] = float(np.logaddexp(texts.get(text, -INF), acoustic))
    wanted = {t: (score, scorer.lm(t.split()), score + scorer.added(t.split())) for t, score in texts.items()}
    agree(beam.decode_nbest(log_probs, frame_shift_s=SHIFT_S), wanted)


@settings(exhaustive, max_examples=100)
@given(CASES, st.booleans(), st.floats(-1, 1))
def test_with_a_language_model_of_tokens(
    folder: Path, case: tuple[int, int, float], is_open: bool, bonus: float
) -> None:
    frames, noise_seed, spread = case
    tokens = ("<blk>", "a", "b", "c")  # of which the model below does not know "c"; none of them begins a word
    log_probs = noise(frames, len(tokens), noise_seed, spread)
    seed = next(seed for seed in range(100) if {("a",), ("b",)} <= set(random_ngrams(seed)))
    settings = {"lm_weight": 0.7, "unknown_price": 1.0, "open_vocabulary": is_open, "word_bonus": bonus}
    scorer = Scorer(random_ngrams(seed), **settings)
    wanted = {
        "".join(tokens[label] for label in labels): (acoustic, scorer.lm(units), acoustic + scorer.added(units))
        for labels, acoustic in all_sequences(log_probs).items()
        if scorer.allowed(units := [tokens[label] for label in labels])
    }
    beam = Beam(tokens, lm=model(seed, folder), lm_unit="token", **settings, **WIDE)
    agree(beam.decode_nbest(log_probs, frame_shift_s=SHIFT_S), wanted)


# ---- pruning: the same search without shortcuts


@dataclass(frozen=True)
class PlainSearch:
    """Prefix beam search over a dictionary of label sequences, each scored from its text every time."""

    tokens: Sequence[str]
    scorer: Scorer
    beam: int
    token_margin: float
    beam_margin: float
    max_tokens: int

    def run(self, log_probs: FloatArray) -> list[tuple[tuple[int, ...], float]]:
        """Return the label sequences of the final beam with their acoustic scores."""
        members = {(): (0.0, -INF)}  # ending in blank, in a label
        bonus = functools.cache(lambda labels: self.scorer.so_far(self.text(labels)))
        for row in log_probs.astype(np.float64):
            allowed = [t for t in range(1, len(row)) if row[t] >= row.max() - self.token_margin]
            allowed = sorted(allowed, key=lambda token, row=row: -row[token])[: self.max_tokens]
            grown = {
                labels: (np.logaddexp(*scores) + row[0], scores[1] + row[labels[-1]] if labels else -INF)
                for labels, scores in members.items()
            }
            for labels, scores in members.items():
                for token in range(1, len(row)):
                    child = (*labels, token)
                    mass = row[token] + (scores[0] if labels[-1:] == (token,) else np.logaddexp(*scores))
                    if child in members:  # whatever the frame may add: it has been added already
                        grown[child] = (grown[child][0], np.logaddexp(grown[child][1], mass))
                    elif token in allowed and mass > -INF and self.scorer.may_become(self.text(child)):
                        grown[child] = (-INF, mass)
            totals = {labels: np.logaddexp(*scores) + bonus(labels) for labels, scores in grown.items()}
            floor = max(totals.values()) - self.beam_margin
            kept = sorted((labels for labels in totals if totals[labels] >= floor), key=lambda at: -totals[at])
            members = {labels: grown[labels] for labels in kept[: self.beam]}
        return [(labels, float(np.logaddexp(*scores))) for labels, scores in members.items()]

    def text(self, labels: Sequence[int]) -> str:
        """Return SPACE before each word, and behind the last one where it is over."""
        text = SPACE + "".join(self.tokens[label] for label in labels)
        while SPACE * 2 in text:
            text = text.replace(SPACE * 2, SPACE)
        return text


@settings(exhaustive, max_examples=200)
@example(27713, CHARACTERS, None, 0.0, {"ba ab": 1.0}, 1, 4.0, 2.0, 2, False)  # a second space within a phrase
@given(
    st.integers(0, 10**6),
    st.sampled_from(TOKEN_SETS),
    st.none() | st.integers(0, 9),
    st.sampled_from([0.0, 1.0]),
    phrases,
    st.integers(1, 8),
    st.sampled_from([1.5, 4.0, INF]),
    st.sampled_from([2.0, 5.0, INF]),
    st.integers(1, 4),
    st.booleans(),
)
def test_prunes_as_a_plain_search_does(
    folder: Path, noise_seed: int, tokens: tuple[str, ...], seed: int | None, price: float, hot: dict[str, float],
    beam: int, token_margin: float, beam_margin: float, max_tokens: int, is_open: bool,
) -> None:  # fmt: skip
    log_probs = noise(12, len(tokens), noise_seed)
    hot = {} if tokens is WORDS else hot
    is_open = is_open or seed is None
    settings = {} if seed is None else {"lm_weight": 0.7, "unknown_price": price, "open_vocabulary": is_open}
    if not is_open:  # hot words must be known there
        hot = {
            phrase: weight
            for phrase, weight in hot.items()
            if Scorer(random_ngrams(seed), open_vocabulary=False).allowed(phrase.split())
        }
    limits = {"beam": beam, "token_margin": token_margin, "beam_margin": beam_margin, "max_tokens": max_tokens}
    scorer = Scorer(
        None if seed is None else random_ngrams(seed), word_bonus=0.3,
        hot={tuple(phrase.split()): weight for phrase, weight in hot.items()}, **settings,
    )  # fmt: skip
    plain = PlainSearch(tokens, scorer, **limits)
    wanted: dict[str, tuple[float, float, float]] = {}
    for labels, acoustic in plain.run(log_probs):
        words = join_tokens([tokens[label] for label in labels]).split()
        if scorer.allowed(words):
            acoustic = float(np.logaddexp(wanted.get(" ".join(words), (-INF,))[0], acoustic))
            wanted[" ".join(words)] = (acoustic, scorer.lm(words), acoustic + scorer.added(words))
    decoder = Beam(
        tokens, nbest=3000, lm=None if seed is None else model(seed, folder), word_bonus=0.3, hotwords=hot,
        hotword_weight=1.0, **settings, **limits,
    )  # fmt: skip
    found = decoder.decode_nbest(log_probs, frame_shift_s=SHIFT_S)
    if wanted:
        agree(found, wanted)


# ---- in pieces, in threads, over hours


def settings_of_all(folder: Path) -> dict[str, Any]:
    return {"lm": model(1, folder), "lm_weight": 0.7, "word_bonus": 0.3, "hotwords": ["a b", "bb"], "nbest": 3}


@settings(exhaustive, max_examples=60)
@given(st.integers(0, 40), st.integers(0, 10**6), st.lists(st.integers(0, 40), max_size=6), st.integers(1, 20))
def test_a_stream_cut_anywhere_is_decoding_at_once(
    folder: Path, frames: int, seed: int, cuts: list[int], beam: int
) -> None:
    log_probs = noise(frames, len(CHARACTERS), seed)
    decoder = Beam(CHARACTERS, beam=beam, **settings_of_all(folder))
    stream = decoder.stream(frame_shift_s=SHIFT_S)
    for first, end in itertools.pairwise([0, *sorted(min(cut, frames) for cut in cuts), frames]):
        stream.feed(log_probs[first:end])
        stream.partial()
    assert stream.finish() == decoder.decode(log_probs, frame_shift_s=SHIFT_S)


def test_a_partial_result_reads_what_was_fed() -> None:
    stream = Beam(CHARACTERS).stream(frame_shift_s=SHIFT_S)
    assert stream.partial() == Hypothesis("", acoustic=0.0, lm=0.0, total=0.0)
    seen = []
    for path in ([2], [3, 1], [0, 2]):
        stream.feed(peaky(path))
        seen.append(stream.partial().text)
    assert seen == ["a", "ab", "ab a"]
    assert stream.finish().text == "ab a"
    with pytest.raises(AsrError, match="stream: has been finished; begin another one"):
        stream.feed(peaky([1]))


def test_a_tree_that_forgets_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asr.decoders import search

    log_probs = noise(600, len(CHARACTERS), seed=3)
    decoder = Beam(CHARACTERS, beam=8, **settings_of_all(folder))
    at_once = decoder.decode(log_probs, frame_shift_s=SHIFT_S)
    monkeypatch.setattr(search, "_BLOCK_NODES", 1)
    forgetting = search.Search(decoder._task.fusion, decoder._task.limits, len(CHARACTERS))
    room = len(forgetting._nodes)
    stream = decoder.stream(frame_shift_s=SHIFT_S)
    stream._search = forgetting
    stream.feed(log_probs)
    assert stream.finish() == at_once
    made = int(at_once.words[-1].end_s / SHIFT_S) * 8
    assert room < len(forgetting._nodes) < made  # it had to grow, and forgot


def test_threads_do_not_change_the_result(folder: Path) -> None:
    batch = [noise(frames, len(CHARACTERS), seed=frames) for frames in (0, 1, 50, 3, 20, 80, 41)]
    decoder = Beam(CHARACTERS, **settings_of_all(folder))
    alone = [decoder.decode(log_probs, frame_shift_s=SHIFT_S) for log_probs in batch]
    for threads in (1, 4, None):
        assert decoder.decode_batch(iter(batch), frame_shift_s=SHIFT_S, threads=threads) == alone
    assert decoder.decode_batch([], frame_shift_s=SHIFT_S) == []


def test_equal_scores_are_always_ordered_alike() -> None:
    flat = np.full((6, 4), math.log(0.25), np.float32)
    first, *others = (Beam(CHARACTERS, beam=3, nbest=3).decode(flat, frame_shift_s=SHIFT_S) for _ in range(5))
    assert all(other == first for other in others)


# ---- what comes out


def peaky(path: Sequence[int], vocabulary: int = len(CHARACTERS), posterior: float = 0.97) -> FloatArray:
    probabilities = np.full((len(path), vocabulary), (1 - posterior) / (vocabulary - 1))
    probabilities[np.arange(len(path)), path] = posterior
    return np.asarray(np.log(probabilities), dtype=np.float32)


def test_times_come_from_the_path_and_confidences_from_the_posteriors() -> None:
    log_probs = peaky([0, 1, 2, 2, 0, 3, 1, 0, 3, 3, 3, 0])
    log_probs[5] = np.log([0.15, 0.05, 0.1, 0.7])
    result = Beam(CHARACTERS).decode(log_probs, frame_shift_s=0.25)
    assert [(word.text, word.start_s, word.end_s) for word in result.words] == [("ab", 0.5, 1.5), ("b", 2.0, 2.75)]
    assert [word.confidence for word in result.words] == pytest.approx([(0.97 + 0.7) / 2, 0.97], abs=1e-6)
    assert result.confidence == pytest.approx((0.835 + 0.97) / 2, abs=1e-6)


def test_the_next_best_readings_are_alternatives() -> None:
    log_probs = noise(20, len(CHARACTERS), seed=5)
    decoder = Beam(CHARACTERS, nbest=4)
    best, *others = decoder.decode_nbest(log_probs, frame_shift_s=SHIFT_S)
    decoded = decoder.decode(log_probs, frame_shift_s=SHIFT_S)
    assert decoded == replace(best, alternatives=tuple(others))
    assert len({reading.text for reading in (best, *others)}) == 4
    assert Beam(CHARACTERS).decode(log_probs, frame_shift_s=SHIFT_S) == replace(decoded, alternatives=())


def test_no_frames_and_one_frame(folder: Path) -> None:
    for chosen in ({}, settings_of_all(folder)):
        decoder = Beam(CHARACTERS, **chosen)
        assert decoder.decode(noise(0, 4), frame_shift_s=SHIFT_S).text == ""
        assert decoder.decode(peaky([0]), frame_shift_s=SHIFT_S).words == ()
        assert decoder.decode(peaky([2], posterior=0.9999), frame_shift_s=SHIFT_S).text == "a"


def test_a_beam_of_one_follows_a_path_without_doubt() -> None:
    path = [0, 1, 2, 2, 0, 2, 1, 3, 0]
    assert Beam(CHARACTERS, beam=1).decode(peaky(path), frame_shift_s=SHIFT_S).text == "aa b"


def test_what_is_impossible_is_never_found() -> None:
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[0, 0, 1, 0], [0.5, 0, 0.5, 0], [0, 0, 1, 0]], np.float32))
    found = Beam(CHARACTERS, **WIDE).decode_nbest(log_probs, frame_shift_s=SHIFT_S)
    assert {reading.text: reading.acoustic for reading in found} == pytest.approx(
        {"a": math.log(0.5), "aa": math.log(0.5)}
    )


def test_a_closed_vocabulary_leaves_out_a_word_that_is_cut_off() -> None:
    path = [2, 3, 1, 2]
    decoder = Beam(CHARACTERS, lexicon=Lexicon(("ab", "abb")), beam=1, token_margin=INF)
    assert decoder.decode(peaky(path), frame_shift_s=SHIFT_S).text == "ab"
    assert decoder.decode(peaky([2]), frame_shift_s=SHIFT_S).text == ""


def test_priors_are_divided_out_and_blank_is_scaled() -> None:
    log_probs = noise(5, 4, seed=8)
    priors = np.log([0.7, 0.1, 0.15, 0.05])
    decoder = Beam(CHARACTERS, priors=priors, prior_weight=0.5, blank_scale=0.25, **WIDE)
    weighed = log_probs - 0.5 * priors + [math.log(0.25), 0, 0, 0]
    agree(
        decoder.decode_nbest(log_probs, frame_shift_s=SHIFT_S),
        expected(weighed.astype(np.float32), CHARACTERS, Scorer()),
    )


def test_other_dtypes_and_layouts_are_taken() -> None:
    log_probs = noise(9, 4, seed=1)
    decoder = Beam(CHARACTERS)
    plain = decoder.decode(log_probs, frame_shift_s=SHIFT_S)
    assert decoder.decode(np.asfortranarray(log_probs), frame_shift_s=SHIFT_S) == plain
    assert decoder.decode(np.repeat(log_probs, 2, axis=0)[::2].astype(np.float64), frame_shift_s=SHIFT_S) == plain
    log_probs.flags.writeable = False
    assert decoder.decode(log_probs, frame_shift_s=SHIFT_S) == plain
    assert decoder.decode(log_probs.astype(np.float16), frame_shift_s=SHIFT_S).text == plain.text


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"beam": 0}, "beam: 0 is too little; give 1 or more"),
        ({"nbest": 0}, "nbest: 0 is too little"),
        ({"max_tokens": 0}, "max_tokens: 0 is too little"),
        ({"token_margin": -1.0}, r"token_margin: -1.0 is too little; give 0 or more"),
        ({"beam_margin": math.nan}, "beam_margin: nan is too little"),
        ({"lm_weight": -0.5}, "lm_weight: -0.5 cannot be weighed with; give 0 or more"),
        ({"hotword_weight": math.inf}, "hotword_weight: inf cannot be weighed with"),
        ({"word_bonus": math.nan}, "word_bonus: nan is no number to add"),
        ({"blank_scale": 0}, "blank_scale: 0 is not above 0"),
        ({"prior_weight": 1}, "priors: 0 for 4 tokens; pass the logarithm"),
        ({"prior_weight": 1, "priors": [0.0, -math.inf, 0, 0]}, "priors: 4 for 4 tokens"),
        ({"lm_unit": "tokens"}, "lm_unit 'tokens': unknown; did you mean 'token'"),
        ({"lexicon": Lexicon(())}, "lexicon: has no words"),
        ({"lexicon": Lexicon(("ab", "cab"))}, "lexicon: 'cab' has 'c' outside the token set"),
        ({"lexicon": Lexicon(("x",), (((7,),),))}, "lexicon: its pronunciations are in other tokens"),
        ({"lexicon": Lexicon(("x",), (((0,),),))}, "lexicon: its pronunciations are in other tokens"),
        ({"hotwords": ["a c"]}, "hot word 'c': has 'c' outside the token set"),
        ({"hotwords": "ab"}, "hot words: 'ab' is one text; pass a list of phrases"),
        ({"hotwords": ["b"], "lexicon": Lexicon(("a",))}, "hot word 'b': is not in the lexicon"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(AsrError, match=reason):
        Beam(CHARACTERS, **settings)


def test_threads_that_are_refused() -> None:
    with pytest.raises(AsrError, match="threads: 0 is too little"):
        Beam(CHARACTERS).decode_batch([], frame_shift_s=SHIFT_S, threads=0)


def test_nan_in_a_later_piece_is_named_by_its_row() -> None:
    stream = Beam(CHARACTERS).stream(frame_shift_s=SHIFT_S)
    stream.feed(noise(4, 4))
    spoilt = noise(4, 4)
    spoilt[2, 1] = math.nan
    with pytest.raises(AsrError, match="row 6 holds NaN"):
        stream.feed(spoilt)


def test_language_models_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "upper.arpa"
    path.write_text(arpa({("<s>",): (-99, 0), ("</s>",): (-1, 0), ("AB",): (-1, 0), ("'B",): (-1, 0)}))
    upper = language_models.load(path)
    tokens = ("<blk>", "▁", "a", "b", "'")
    with pytest.raises(AsrError, match="its words are in another case than the model's tokens"):
        Beam(tokens, lm=upper)
    with pytest.raises(AsrError, match="none of its words can be spelled"):
        Beam(("<blk>", "▁", "x", "y"), lm=upper)
    with pytest.raises(AsrError, match="knows none of the model's tokens"):
        Beam(tokens, lm=upper, lm_unit="token")
    with pytest.raises(AsrError, match=r"none begins with '▁', .*lm_unit='token'"):
        Beam(("<blk>", "A", "B"), lm=upper)
    with pytest.raises(AsrError, match="knows none of its words"):
        Beam(("<blk>", "▁", "A", "B"), lm=upper, open_vocabulary=False, lexicon=Lexicon(("BB",)))
    with pytest.raises(AsrError, match=r"hot word 'BA': .* does not know it; open the vocabulary"):
        Beam(("<blk>", "▁", "A", "B"), lm=upper, open_vocabulary=False, hotwords=["BA"])


# ---- the compiled core


@pytest.mark.slow
def test_compiling_is_said_once_and_never_again(tmp_path: Path) -> None:
    code = "from asr.decoders import Beam; Beam(('<blk>', 'a')); Beam(('<blk>', 'a'))"
    root = Path(asr.decoders.__file__).parents[2]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert [process.stderr.count("compiling the beam search, once") for process in said] == [1, 0]
    assert said[1].stderr == ""


def test_without_numba_the_extra_is_named() -> None:
    code = "import sys; sys.modules['numba'] = None\nfrom asr.decoders import Beam\nBeam(('<blk>', 'a'))"
    root = Path(asr.decoders.__file__).parents[2]
    process = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert "beam search needs the package 'numba'" in process.stderr
    assert "pip install 'bilstm-asr[beam]'" in process.stderr
