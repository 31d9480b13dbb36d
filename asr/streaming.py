"""Recordings that come in pieces, for models whose encoder hears no future: frames, partial texts, finished phrases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import soxr

from asr.audio import from_array
from asr.bundle import ModelInfo
from asr.errors import ConfigError
from asr.mel import FeatureSpec
from asr.phrases import LONGEST_S, PAUSE_S, later, runs_of, says_nothing, silent_tokens
from asr.types import FloatArray, Hypothesis

_AT_ONCE = 750  # output frames that go through the graph at the most; bounds the memory of a long piece
_REST = np.iinfo(np.int64).max


class StreamingModel(Protocol):
    """What a Recognizer has that streams need."""

    info: ModelInfo

    def run_part(
        self, samples: FloatArray, first: int, count: int, state: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]: ...


class Frames:
    """The log-probabilities of one recording, in pieces: joined they are those of the whole recording.

    A frame comes out when the samples that it needs are there: its own 40 ms, and 7.5 ms after them for the
    filterbank's window (more where the encoder has residual convolutions). Raises ConfigError for a model that cannot.
    """

    def __init__(self, model: StreamingModel) -> None:
        info = model.info
        if info.streaming is None:
            raise ConfigError(
                f"{info.name}: hears a recording as a whole and cannot be fed in pieces; "
                "take a model whose config says encoder = 'lstm'"
            )
        self._model = model
        self._step = round(info.frame_shift_s * info.rate_hz)  # samples of an output frame
        self._context = int(info.streaming["context_frames"])
        self._ahead = int(info.streaming["ahead_samples"])
        self._spec = FeatureSpec(**info.features)
        self._vocabulary = len(info.tokens)
        self._state: FloatArray | None = None
        self._kept: FloatArray = np.zeros(0, np.float32)  # samples from frame `_first` on
        self._first = 0
        self._done = 0  # frames that came out

    def feed(self, samples: FloatArray) -> FloatArray:
        """Take samples [T] at the model's rate and return the log-probabilities [F, V] that they make whole."""
        self._kept = np.concatenate([self._kept, samples])
        ready = (len(self._kept) - self._ahead) // self._step + self._first
        return self._joined(self._parts(ready))

    def finish(self) -> FloatArray:
        """End the recording and return its last log-probabilities [F, V]."""
        total = self._first * self._step + len(self._kept)
        frames = -(-self._spec.frames(total) // (self._step // self._spec.shift))
        rows = self._joined([self._run(self._kept, _REST)] if frames > self._done else [])
        self._kept, self._first, self._done, self._state = self._kept[:0], 0, 0, None
        return rows

    def _parts(self, ready: int) -> Iterator[FloatArray]:
        while (count := min(ready - self._done, _AT_ONCE)) > 0:
            end = (self._done + count - self._first) * self._step + self._ahead
            yield self._run(self._kept[:end], count)
            self._done += count
            first = max(self._done - self._context, 0)
            self._kept = self._kept[(first - self._first) * self._step :]
            self._first = first

    def _run(self, samples: FloatArray, count: int) -> FloatArray:
        log_probs, self._state = self._model.run_part(samples, self._done - self._first, count, self._state)
        return log_probs

    def _joined(self, rows: Iterable[FloatArray]) -> FloatArray:
        return np.concatenate([np.empty((0, self._vocabulary), np.float32), *rows])


class Stream:
    """A recording that is transcribed while it comes: phrases that have ended, and what is being said.

    A phrase ends at a pause of `pause_s`, or after `longest_s` at its longest pause; with `pause_s=None` the recording
    is one phrase, and its text that of `transcribe`. Times count from the beginning of the recording.
    """

    def __init__(
        self,
        model: StreamingModel,
        decode: Callable[[FloatArray], Hypothesis],
        rate_hz: int,
        *,
        pause_s: float | None = PAUSE_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        info = model.info
        for name, value in (("pause_s", pause_s), ("longest_s", longest_s), ("rate_hz", rate_hz)):
            if value is not None and not value > 0:
                raise ConfigError(f"stream: {name} = {value}: must be above 0; leave it out for the usual one")
        self._frames, self._decode, self._shift_s = Frames(model), decode, info.frame_shift_s
        self._silent = silent_tokens(info.tokens, info.blank)
        self._rates = (rate_hz, info.rate_hz)
        self._resampler = self._fresh_resampler()
        self._pause = None if pause_s is None else max(1, round(pause_s / self._shift_s))
        self._longest = max(2, round(longest_s / self._shift_s))
        self._rows: FloatArray = self._frames.feed(np.zeros(0, np.float32))  # of the phrase that goes on
        self._quiet = np.zeros(0, bool)  # which of them say nothing
        self._begun = 0  # frames before them

    def feed(self, samples: npt.NDArray[Any]) -> list[Hypothesis]:
        """Take samples [T] or [T, C], as floats in [-1, 1] or integers; return the phrases that ended in them.

        Raises AudioError.
        """
        checked = from_array(samples, self._rates[0], self._rates[0]).samples
        return self._taken(self._frames.feed(self._resampled(checked, last=False)))

    def partial(self) -> Hypothesis:
        """Return what has been said since the last phrase ended; its last word may be unfinished."""
        return self._phrase(len(self._rows))

    def finish(self) -> list[Hypothesis]:
        """End the recording and return the phrases that had not ended, if anything is in them; another may follow."""
        phrases = self._taken(self._frames.feed(self._resampled(np.zeros(0, np.float32), last=True)))
        phrases += self._taken(self._frames.finish())
        last = self._phrase(len(self._rows))
        self._rows, self._quiet, self._begun = self._rows[:0], self._quiet[:0], 0
        self._resampler = self._fresh_resampler()  # soxr 0.4 cannot clear one
        return [*phrases, last] if last.text or self._pause is None else phrases

    def _fresh_resampler(self) -> soxr.ResampleStream | None:
        source_hz, target_hz = self._rates
        return None if source_hz == target_hz else soxr.ResampleStream(source_hz, target_hz, 1, "float32")

    def _resampled(self, samples: FloatArray, *, last: bool) -> FloatArray:
        if self._resampler is None:
            return samples
        return np.asarray(self._resampler.resample_chunk(samples, last=last), np.float32)

    def _taken(self, rows: FloatArray) -> list[Hypothesis]:
        """Return the phrases that end once these rows [F, V] have come."""
        self._rows = np.concatenate([self._rows, rows])
        self._quiet = np.concatenate([self._quiet, says_nothing(rows, self._silent)])
        phrases = []
        while self._pause is not None and (end := self._end(self._pause)):
            phrase = self._phrase(end)
            if phrase.text:
                phrases.append(phrase)
            self._rows, self._quiet, self._begun = self._rows[end:], self._quiet[end:], self._begun + end
        return phrases

    def _end(self, pause: int) -> int:
        """Return before which frame a phrase ends, in the middle of its pause; 0 where it goes on.

        What comes after the longest phrase is not looked at, so that the size of the pieces changes nothing.
        """
        quiet = self._quiet[: self._longest]
        runs = runs_of(quiet).tolist()
        for first, end in runs:
            if first == 0 and end > pause:  # nothing said yet: only the last frames are kept
                return int(end - pause)
            if first > 0 and end - first >= pause:
                return int(first + pause // 2)
        if len(quiet) < self._longest:
            return 0
        places = [(end - first, (first + end) // 2) for first, end in runs if end > self._longest // 2]
        return int(max(places)[1]) if places else self._longest

    def _phrase(self, end: int) -> Hypothesis:
        return later(self._decode(self._rows[:end]), self._begun * self._shift_s)
