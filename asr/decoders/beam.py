"""Prefix beam search with language model, lexicon and hot words: its settings, and the ways to decode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from asr.cores import available_cores
from asr.decoders.compose import compose
from asr.decoders.fitting import LanguageModel, Parts
from asr.decoders.fusion import Limits
from asr.decoders.hotwords import apart, parse
from asr.decoders.lexicon import Lexicon
from asr.decoders.path import check_tokens
from asr.errors import ConfigError, did_you_mean, require
from asr.types import FloatArray, Hypothesis

if TYPE_CHECKING:
    from asr.decoders.stream import Stream

LM_UNITS = ("word", "token")


class Beam:
    """Keeps the label sequences that score best, each with the sum over all of its paths; safe to share by threads.

    The score: acoustic + lm_weight x language model + word_bonus x words - unknown_price x words that the language
    model lacks + what hot words earn, in natural logarithms. All words count that have ended, and what those under way
    will at best bring is lent to them. Raises ConfigError, ModelError, and MissingPackage where numba is absent.

    beam: how many sequences are kept; nbest: how many hypotheses are returned, those after the first as alternatives.
    token_margin, max_tokens: a frame adds only tokens that are by no more than the margin less probable than its best
    one, and only so many. beam_margin: sequences that score less than the best one by more are dropped.
    lm: a language model (`asr.lm.load`); lm_unit: what its words are, "word" or "token" (of this model: word_bonus then
    counts tokens). open_vocabulary: words that it lacks may be said.
    hotwords: phrases, or phrases and weights (`asr.decoders.hotwords.parse` tells the form). Each letter of a phrase
    earns hotword_weight x the phrase's weight.
    lexicon: the only words that may be said (`asr.decoders.read_lexicon`).
    priors: logarithm of the prior probability of each token, taken off the log-probabilities prior_weight times.
    blank_scale: the probability of blank is multiplied by it.
    han_words: each Han character is a word, unless the language model or the lexicon has words of several.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        blank: int = 0,
        *,
        beam: int = 16,
        nbest: int = 1,
        token_margin: float = 12.0,
        beam_margin: float = 16.0,
        max_tokens: int | None = None,
        lm: LanguageModel | None = None,
        lm_weight: float = 0.5,
        lm_unit: str = "word",
        word_bonus: float = 0.0,
        unknown_price: float = 5.0,
        open_vocabulary: bool = True,
        hotwords: Mapping[str, float] | Iterable[str] = (),
        hotword_weight: float = 1.5,
        lexicon: Lexicon | None = None,
        priors: Sequence[float] | FloatArray | None = None,
        prior_weight: float = 0.0,
        blank_scale: float = 1.0,
        han_words: bool = True,
    ) -> None:
        self.tokens = check_tokens(tokens, blank)
        self.blank = blank
        max_tokens = len(tokens) if max_tokens is None else max_tokens
        _check_at_least(1, beam=beam, nbest=nbest, max_tokens=max_tokens)
        _check_at_least(0, token_margin=token_margin, beam_margin=beam_margin)
        _check_weights(lm_weight=lm_weight, unknown_price=unknown_price, hotword_weight=hotword_weight)
        if not math.isfinite(word_bonus):
            raise ConfigError(f"word_bonus: {word_bonus} is no number to add; give one, or 0 for none")
        if lm_unit not in LM_UNITS:
            raise ConfigError(f"lm_unit {lm_unit!r}: unknown{did_you_mean(lm_unit, LM_UNITS)}")
        offset = _offset(self.tokens, blank, priors, prior_weight, blank_scale)
        phrases = parse(hotwords)
        parts = Parts(
            lm, lm_unit == "token", lm_weight, word_bonus, unknown_price, open_vocabulary, lexicon, phrases,
            hotword_weight, han_words,
        )  # fmt: skip
        if parts.han_apart:
            parts = replace(parts, phrases=apart(phrases))
        fusion, words = compose(self.tokens, blank, parts)
        limits = Limits(blank, int(beam), int(max_tokens), float(token_margin), float(beam_margin))
        require("numba", extra="beam", purpose="beam search")
        from asr.decoders.compiling import make_ready
        from asr.decoders.stream import Task

        make_ready()
        self._task = Task(self.tokens, fusion, limits, offset, words, parts.phrases, nbest, parts.han_apart)

    def decode(self, log_probs: FloatArray, *, frame_shift_s: float) -> Hypothesis:
        """Return the best hypothesis of one utterance, `log_probs` [F, V]; ModelError for what are none."""
        stream = self.stream(frame_shift_s=frame_shift_s)
        stream.feed(log_probs)
        return stream.finish()

    def decode_nbest(self, log_probs: FloatArray, *, frame_shift_s: float) -> list[Hypothesis]:
        """Return the best hypotheses, as many as asked for or as there are; no two have the same text."""
        stream = self.stream(frame_shift_s=frame_shift_s)
        stream.feed(log_probs)
        return stream.finish_nbest()

    def decode_batch(
        self, batch: Iterable[FloatArray], *, frame_shift_s: float, threads: int | None = None
    ) -> list[Hypothesis]:
        """Return what `decode` returns for each utterance, in their order; threads: all cores unless given."""
        threads = available_cores() if threads is None else threads
        _check_at_least(1, threads=threads)
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda log_probs: self.decode(log_probs, frame_shift_s=frame_shift_s), batch))

    def stream(self, *, frame_shift_s: float) -> Stream:
        """Return an utterance that is fed in pieces and ends with what decoding it at once gives."""
        from asr.decoders.stream import Stream

        return Stream(self._task, frame_shift_s)


def _check_at_least(lowest: int, **settings: float) -> None:
    for name, value in settings.items():
        if not value >= lowest:  # so NaN is refused as well
            raise ConfigError(f"{name}: {value} is too little; give {lowest} or more")


def _check_weights(**settings: float) -> None:
    for name, value in settings.items():
        if not 0 <= value < math.inf:
            raise ConfigError(f"{name}: {value} cannot be weighed with; give 0 or more")


def _offset(
    tokens: Sequence[str], blank: int, priors: Sequence[float] | FloatArray | None, prior_weight: float,
    blank_scale: float,
) -> FloatArray:  # fmt: skip
    """Return what is added to each row of log-probabilities, [V]."""
    _check_weights(prior_weight=prior_weight)
    if not 0 < blank_scale < math.inf:
        raise ConfigError(f"blank_scale: {blank_scale} is not above 0; 1 leaves the blank as it is")
    offset = np.zeros(len(tokens), np.float32)
    if prior_weight:
        given = np.empty(0) if priors is None else np.asarray(priors, np.float64)
        if given.shape != offset.shape or not np.isfinite(given).all():
            raise ConfigError(
                f"priors: {given.size} for {len(tokens)} tokens; pass the logarithm of each token's prior probability, "
                "or leave prior_weight at 0"
            )
        offset -= (prior_weight * given).astype(np.float32)
    offset[blank] += math.log(blank_scale)
    return offset
