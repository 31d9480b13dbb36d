"""From log-probabilities to hypotheses: frames fed to a search in pieces, and what it found put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from asr.decoders.fusion import Fusion, Limits
from asr.decoders.hotwords import Phrase, displayed
from asr.decoders.path import Run, Spelled, check_log_probs, collapse, joined, spelled, text_of
from asr.decoders.search import IMPOSSIBLE, Found, Search
from asr.decoders.tree import INSIDE
from asr.errors import ConfigError, ModelError
from asr.han import sentence
from asr.ngrams import Int32Array
from asr.tokenizers import SPACE
from asr.types import FloatArray, Hypothesis
from asr.viterbi import best_path


@dataclass(frozen=True)
class Task:
    """What a decoder does with every utterance."""

    tokens: tuple[str, ...]
    fusion: Fusion
    limits: Limits
    offset: FloatArray  # [V] what is added to every row of log-probabilities
    vocabulary: Sequence[str]  # where words are pronounced, how they are written
    phrases: tuple[Phrase, ...]
    nbest: int
    han_apart: bool  # each Han character is a word


class Stream:
    """One utterance, fed in pieces of any length: it ends with what decoding it at once gives.

    It keeps its log-probabilities until the end (4 bytes x V a frame), since the times of words come from the best path
    through all of them. Raises ModelError for what is no log-probability, ConfigError for frames after the end.
    """

    def __init__(self, task: Task, frame_shift_s: float) -> None:
        self._task, self._frame_shift_s = task, frame_shift_s
        self._search = Search(task.fusion, task.limits, len(task.tokens))
        self._pieces: list[FloatArray] = []
        self._frames = 0
        self._finished = False

    def feed(self, log_probs: FloatArray) -> None:
        """Take the next frames [F, V]; none are allowed."""
        if self._finished:
            raise ConfigError("stream: has been finished; begin another one for the next utterance")
        piece = _checked(log_probs, len(self._task.tokens), self._frames)
        self._search.feed(self._weighed(piece))
        self._pieces.append(piece)
        self._frames += len(piece)

    def partial(self) -> Hypothesis:
        """Return the best reading of the frames so far; its last word may be unfinished, and all of it may change."""
        return self._hypothesis(self._search.leading())

    def finish(self) -> Hypothesis:
        """End the utterance and return the best hypothesis, with the next best ones as its alternatives."""
        best, *others = self.finish_nbest()
        return replace(best, alternatives=tuple(others)) if others else best

    def finish_nbest(self) -> list[Hypothesis]:
        """End the utterance and return the best hypotheses, the best first, no two with the same text.

        Where the frames end within a word in every sequence of a closed vocabulary, the best is returned without it.
        """
        self._finished = True
        found = self._search.complete(self._task.nbest) or [_without_last_word(self._search.leading())]
        return [self._hypothesis(one) for one in found]

    def _words(self, found: Found) -> list[Spelled]:
        tokens, labels = self._task.tokens, found.labels.tolist()
        if not self._task.fusion.rules.pronounced:
            return spelled(tokens, labels, han_apart=self._task.han_apart)
        words: list[Spelled] = []
        first = 0
        for end in np.flatnonzero(found.ended >= 0).tolist():
            members = [at for at in range(first, end) if tokens[labels[at]] != SPACE]
            words.append((self._task.vocabulary[int(found.ended[end])], members))
            first = end
        return words

    def _hypothesis(self, found: Found) -> Hypothesis:
        task = self._task
        log_probs = np.concatenate([np.empty((0, len(task.tokens)), np.float32), *self._pieces])
        self._pieces = [log_probs]
        runs = _runs(self._weighed(log_probs), found.labels, task.limits.blank)
        text = text_of(task.tokens, found.labels.tolist())
        said = joined(text, self._words(found), runs, posteriors(log_probs, runs), self._frame_shift_s)
        words = displayed(said.words, task.phrases)
        is_written = words == said.words and not task.fusion.rules.pronounced
        return replace(
            said,
            text=text if is_written else sentence(word.text for word in words),
            words=words,
            acoustic=found.acoustic,
            lm=found.lm,
            total=found.total,
        )

    def _weighed(self, log_probs: FloatArray) -> FloatArray:
        """Return the log-probabilities as they are searched: divided by priors, the blank scaled, all finite."""
        return np.ascontiguousarray(np.maximum(log_probs + self._task.offset, IMPOSSIBLE))


def posteriors(log_probs: FloatArray, runs: Sequence[Run]) -> list[float]:
    """Return the model's greatest belief in each run's label, 0 to 1."""
    return [float(np.exp(log_probs[first:end, label].max())) for label, first, end in runs]


def _runs(log_probs: FloatArray, labels: Int32Array, blank: int) -> list[Run]:
    """Return where each label stands on the best path of all."""
    if not len(labels):
        return []
    _, path = best_path(log_probs, labels, blank)
    return [(int(labels[at]), first, end) for at, first, end in collapse(path, blank=-1)]


def _without_last_word(found: Found) -> Found:
    """Return the sequence up to where its last whole word ends, where the vocabulary is closed."""
    end = int(max(np.flatnonzero(found.ended > INSIDE), default=0))
    return found._replace(labels=found.labels[:end], ended=found.ended[: end + 1])


def _checked(log_probs: FloatArray, vocabulary: int, before: int) -> FloatArray:
    """Return a copy of the piece, [F, V] of float32; `before` frames have come already."""
    log_probs = np.array(check_log_probs(log_probs, vocabulary), np.float32, order="C")
    if np.isnan(log_probs).any():
        row = before + int(np.isnan(log_probs).any(axis=1).argmax())
        raise ModelError(f"log_probs: row {row} holds NaN; check the samples that went in")
    return log_probs
