"""The decoder that `build_ctcdecoder` returns: pyctcdecode's methods over a beam search for each set of settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy.typing as npt

from asr.cores import available_cores
from asr.decoders.beam import Beam
from asr.decoders.compat.logits import likely, log_softmax
from asr.decoders.compat.vocabulary import Known
from asr.errors import ConfigError
from asr.ngrams import ROOT
from asr.types import Hypothesis

# pyctcdecode's defaults.
BEAM_WIDTH, BEAM_PRUNE_LOGP, TOKEN_MIN_LOGP, HOTWORD_WEIGHT = 100, -10.0, -5.0, 10.0
_LN10, _ROUNDING = math.log(10), 1e-3
_READY = 8  # searches that are kept for when the same settings come again

WordFrames = tuple[str, tuple[int, int]]  # a word, its first frame and the one after its last


class OutputBeam(NamedTuple):
    """One reading of an utterance; the scores are natural logarithms."""

    text: str
    last_lm_state: int | None  # of the language model, after the last word
    text_frames: list[WordFrames]
    logit_score: float  # of all paths of the text
    lm_score: float  # that and all else: language model, beta, hot words


class OutputBeamMPSafe(NamedTuple):
    """An OutputBeam without the state."""

    text: str
    text_frames: list[WordFrames]
    logit_score: float
    lm_score: float


class Weights(NamedTuple):
    """What `build_ctcdecoder` is told about the language model."""

    alpha: float
    beta: float
    unk_score_offset: float
    boundary: bool


class Search(NamedTuple):
    """The settings of one call."""

    beam_width: int
    beam_prune_logp: float
    token_min_logp: float
    hotwords: tuple[str, ...]
    hotword_weight: float
    start: int
    nbest: int


class BeamSearchDecoderCTC:
    """Decodes logits, or log-probabilities, [F, V]; safe to share between threads. `build_ctcdecoder` makes one.

    beam_width: readings that are kept; beam_prune_logp: those that score so much less than the best are dropped.
    token_min_logp: a frame has the labels of this log-probability or more, and its best one.
    hotwords: words, or phrases of which each word counts; hotword_weight: what a whole one is worth.
    lm_start_state: the last_lm_state of a reading that goes on. prune_history changes nothing.
    Raises ConfigError for settings that cannot be, ModelError for what are no logits.
    """

    def __init__(self, tokens: Sequence[str], blank: int, language_model: Known | None, weights: Weights) -> None:
        self._tokens, self._blank, self._lm, self._weights = tokens, blank, language_model, weights
        self._beam: Callable[[Search], Beam] = lru_cache(_READY)(self._make_beam)
        self._beam(self._search())  # what does not fit is refused now

    def decode(
        self, logits: npt.ArrayLike, beam_width: int = BEAM_WIDTH, beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP, hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT, lm_start_state: int | None = None,
    ) -> str:  # fmt: skip
        """Return the best text."""
        search = self._search(
            beam_width, beam_prune_logp, token_min_logp, hotwords, hotword_weight, lm_start_state, best=True
        )
        return self._read(search, logits)[0].text

    def decode_beams(
        self, logits: npt.ArrayLike, beam_width: int = BEAM_WIDTH, beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP, prune_history: bool = False, hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT, lm_start_state: int | None = None,
    ) -> list[OutputBeam]:  # fmt: skip
        """Return the readings that are left at the end, the best first, no two with the same text."""
        search = self._search(beam_width, beam_prune_logp, token_min_logp, hotwords, hotword_weight, lm_start_state)
        return self._read(search, logits)

    def decode_batch(
        self, pool: object | None, logits_list: Iterable[npt.ArrayLike], beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP, token_min_logp: float = TOKEN_MIN_LOGP,
        hotwords: Iterable[str] | None = None, hotword_weight: float = HOTWORD_WEIGHT,
    ) -> list[str]:  # fmt: skip
        """Return what `decode` does for each utterance: one after another, or by all cores if any pool is given."""
        search = self._search(beam_width, beam_prune_logp, token_min_logp, hotwords, hotword_weight, best=True)
        return [beams[0].text for beams in self._read_all(search, logits_list, pool)]

    def decode_beams_batch(
        self, pool: object | None, logits_list: Iterable[npt.ArrayLike], beam_width: int = BEAM_WIDTH,
        beam_prune_logp: float = BEAM_PRUNE_LOGP, token_min_logp: float = TOKEN_MIN_LOGP, prune_history: bool = False,
        hotwords: Iterable[str] | None = None, hotword_weight: float = HOTWORD_WEIGHT,
    ) -> list[list[OutputBeamMPSafe]]:  # fmt: skip
        """Return what `decode_beams` does for each utterance, without the states; `pool` as for `decode_batch`."""
        search = self._search(beam_width, beam_prune_logp, token_min_logp, hotwords, hotword_weight)
        return [
            [OutputBeamMPSafe(beam.text, *beam[2:]) for beam in beams]
            for beams in self._read_all(search, logits_list, pool)
        ]

    def _search(
        self, beam_width: int = BEAM_WIDTH, beam_prune_logp: float = BEAM_PRUNE_LOGP,
        token_min_logp: float = TOKEN_MIN_LOGP, hotwords: Iterable[str] | None = None,
        hotword_weight: float = HOTWORD_WEIGHT, lm_start_state: int | None = None, best: bool = False,
    ) -> Search:  # fmt: skip
        """Return the settings of a call, checked; best: no other reading is asked for."""
        if not beam_width >= 1:  # so NaN is refused as well
            raise ConfigError(f"beam_width: {beam_width} is too little; give 1 or more")
        if not beam_prune_logp <= 0:
            raise ConfigError(f"beam_prune_logp: {beam_prune_logp} would drop every reading; give 0 or less")
        if math.isnan(token_min_logp):
            raise ConfigError("token_min_logp: NaN is no log-probability; give -inf for all labels")
        if not 0 <= hotword_weight < math.inf:
            raise ConfigError(f"hotword_weight: {hotword_weight} cannot be weighed with; give 0 or more")
        # Where the end of the sentence is not scored, the first of the search need not be the best.
        nbest = 1 if best and (self._lm is None or self._weights.boundary) else beam_width
        words, start = _words(hotwords) if hotword_weight else (), self._start(lm_start_state)
        return Search(beam_width, beam_prune_logp, token_min_logp, words, hotword_weight, start, nbest)

    def _start(self, state: int | None) -> int:
        if state is None:
            return ROOT if self._lm is None else self._lm.start
        if self._lm is None or not isinstance(state, int) or not 0 <= state < len(self._lm.ngrams.word):
            raise ConfigError(f"lm_start_state: {state!r} is none; pass the last_lm_state of a reading of this decoder")
        return state

    def _make_beam(self, search: Search) -> Beam:
        weights = self._weights
        return Beam(
            self._tokens,
            self._blank,
            beam=search.beam_width,
            nbest=search.nbest,
            token_margin=max(0.0, -search.token_min_logp) + _ROUNDING,  # none but those that `likely` has left
            beam_margin=-search.beam_prune_logp,
            lm=None if self._lm is None else replace(self._lm, begin=search.start),
            lm_weight=weights.alpha,
            word_bonus=0.0 if self._lm is None else weights.beta,
            unknown_price=-weights.alpha * weights.unk_score_offset * _LN10,
            hotwords={word: search.hotword_weight / len(word) for word in search.hotwords},
            hotword_weight=1.0,  # for a letter
            han_words=False,
        )

    def _read(self, search: Search, logits: npt.ArrayLike) -> list[OutputBeam]:
        log_probs, mass = likely(log_softmax(logits, len(self._tokens)), search.token_min_logp)
        found = self._beam(search).decode_nbest(log_probs, frame_shift_s=1.0)
        readings = [self._output(hypothesis, search.start, mass) for hypothesis in found]
        readings.sort(key=lambda reading: -reading.lm_score)
        return [reading for reading in readings if reading.lm_score >= readings[0].lm_score + search.beam_prune_logp]

    def _read_all(self, search: Search, batch: Iterable[npt.ArrayLike], pool: object | None) -> list[list[OutputBeam]]:
        with ThreadPoolExecutor(1 if pool is None else available_cores()) as threads:
            return list(threads.map(lambda logits: self._read(search, logits), batch))

    def _output(self, hypothesis: Hypothesis, state: int, mass: float) -> OutputBeam:
        last, end = None, 0.0
        if self._lm is not None:
            last = self._lm.after(state, [word.text for word in hypothesis.words])
            end = 0.0 if self._weights.boundary else self._weights.alpha * self._lm.end(last)
        return OutputBeam(
            hypothesis.text,
            last,
            [(word.text, (round(word.start_s), round(word.end_s))) for word in hypothesis.words],
            (hypothesis.acoustic or 0.0) + mass,
            (hypothesis.total or 0.0) + mass - end,
        )


def _words(hotwords: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(hotwords, str):
        raise ConfigError(f"hotwords: {hotwords!r} is one text; pass a list of words")
    return tuple(dict.fromkeys(word for phrase in hotwords or () for word in phrase.split()))
