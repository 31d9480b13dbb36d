"""The product: one model file, an onnxruntime session, audio in, text out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from asr import bundle, runtime
from asr.cores import available_cores
from asr.decoders.confidence import calibrated
from asr.decoding import make_decoder
from asr.errors import AsrError
from asr.intake import Audio, Intake, file_of, take_in
from asr.longform import LONGEST_S, Heard, spoken, transcribed
from asr.streaming import Stream
from asr.types import FloatArray, Hypothesis

# Padded audio that goes through the graph at once, and audio that is read ahead and sorted by length. Together they
# bound the memory, whatever the number of files; a long recording is read and heard in pieces when its turn comes.
BATCH_S = 48.0
WINDOW_S = 240.0
WINDOW_ITEMS = 512
# An LSTM takes as long for a row among 4 as among 16, so that more of them earn nothing that would pay for padding.
ENOUGH, PADDING = 4, 0.05

T = TypeVar("T")


class Recognizer:
    """A model file ready to transcribe; safe to share between threads.

    provider: where the graph runs, a name in `asr.runtime.PROVIDERS` or "auto".
    decoder: a name of `asr.decoders.DECODERS`, the model's own unless given; settings: arguments of that decoder, as
    `asr.decoding.make_decoder` takes them (`lm="lm.bin"`, `hotwords=["new york"]`, `nbest=5`).
    Raises MissingFile, ModelError, ConfigError for an impossible number of threads, a provider that is not there, an
    unknown decoder or a setting that it does not have, and what reading the files of the settings raises.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        threads: int | None = None,
        provider: str = "cpu",
        decoder: str | None = None,
        **settings: Any,
    ) -> None:
        path = bundle.default_model() if path is None else Path(path)
        data, self.info = bundle.load_bytes(path)
        self._threads = available_cores() if threads is None else threads
        self._session = runtime.session(data, path, threads=self._threads, provider=provider)
        resamples = any(value.name == "rate_hz" for value in self._session.get_inputs())
        self._rate = {"rate_hz": np.array([self.info.rate_hz])} if resamples else {}
        tuning = make_decoder(self.info, decoder, **settings)
        self._decoder, self._calibration = tuning.decoder, tuning.calibration

    @property
    def provider(self) -> str:
        """Where the graph runs: a name in `asr.runtime.PROVIDERS`."""
        started = self._session.get_providers()[0]
        return next(name for name, provider in runtime.PROVIDERS.items() if provider.name == started)

    def transcribe(self, audio: Audio, *, rate_hz: int | None = None) -> Hypothesis:
        """Return what is said in a file, a Waveform, or an array [T] or [T, C] of floats in [-1, 1] or of integers.

        An `asr.types.Channel` is one channel of a file. rate_hz is the array's rate, the model's own unless given;
        files and Waveforms know theirs. Of more than `asr.longform.LONGEST_S` windows are heard and phrases decoded,
        so that the memory does not grow with the length. Raises AudioError.
        """
        taken = take_in(audio, rate_hz, self.info.rate_hz, LONGEST_S)
        return self._of_long(taken) if self._is_long(taken) else self._of_short([taken])[0]

    def transcribe_batch(self, audios: Iterable[Audio], *, rate_hz: int | None = None) -> list[Hypothesis]:
        """Return the hypotheses of many recordings, in their order; equal to those of `transcribe`, and faster.

        A model in int8 is run one recording at a time, since its scales span a batch.
        Raises the first recording's AsrError, which names it; `transcribe_each` goes on instead.
        """
        hypotheses = []
        for _, result in self.transcribe_each(audios, rate_hz=rate_hz):
            if isinstance(result, AsrError):
                raise result
            hypotheses.append(result)
        return hypotheses

    def transcribe_each(
        self, audios: Iterable[Audio], *, rate_hz: int | None = None
    ) -> Iterator[tuple[str, Hypothesis | AsrError]]:
        """Yield (name, hypothesis or what was wrong) of each recording in order, reading ahead in a thread.

        Arrays are called `item 1`, `item 2`, ... by their place. Memory is bounded whatever their number.
        """
        for window in _read_ahead(self._windows(audios, rate_hz)):
            yield from zip((item.name for item in window), self._results(window), strict=True)

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
        """Return log-probabilities [F', V] of each waveform [T] at the model's rate, as one batch if it may be."""
        if not self.info.batches:
            return [rows for samples in batch for rows in self._run([samples])]
        return self._run(batch) if batch else []  # onnxruntime aborts the process on a batch of none

    def _run(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
        lengths = np.array([len(samples) for samples in batch], dtype=np.int64)
        padded = np.zeros((len(batch), lengths.max()), dtype=np.float32)  # [N, T]
        for row, samples in zip(padded, batch, strict=True):
            row[: len(samples)] = samples
        feeds = {"samples": padded, "lengths": lengths} | self._rate
        log_probs, frames = self._session.run(["log_probs", "frames"], feeds)
        return [rows[:size] for rows, size in zip(log_probs, frames, strict=True)]

    def stream(self, *, rate_hz: int | None = None, **settings: Any) -> Stream:
        """Return a recording to be fed in pieces at `rate_hz` (the model's own unless given); settings: of Stream.

        Raises ConfigError for a model that hears recordings as a whole.
        """
        return Stream(self, lambda rows: self._decoded([rows])[0], rate_hz or self.info.rate_hz, **settings)

    def run_part(
        self, samples: FloatArray, first: int, count: int, state: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return log-probabilities [F, V] of `count` output frames after the `first` ones, and the state after them.

        samples: [T]; state: of the frames before those, as it was returned for them; None at the beginning.
        """
        feeds = {"samples": samples[None], "lengths": np.array([len(samples)]), "part": np.array([first, count])}
        feeds |= self._rate
        feeds |= {} if state is None else {"state": state}
        (log_probs,), state = self._session.run(["log_probs", "next_state"], feeds)
        return log_probs, state

    def _decoded(self, batch: Sequence[FloatArray]) -> list[Hypothesis]:
        found = self._decoder.decode_batch(batch, frame_shift_s=self.info.frame_shift_s, threads=self._threads)
        return [calibrated(hypothesis, self._calibration) for hypothesis in found] if self._calibration else found

    def _is_long(self, taken: Intake) -> bool:
        return taken.samples is None or len(taken.samples) > LONGEST_S * self.info.rate_hz

    def _of_long(self, taken: Intake) -> Hypothesis:
        found = transcribed(self, lambda rows: self._decoded([rows])[0], taken.pieces())
        return self._doubted(found, taken)

    def _of_short(self, batch: Sequence[Intake]) -> list[Hypothesis]:
        """Return what is said in recordings of similar length, run as one batch."""
        held = [np.zeros(0, np.float32) if taken.samples is None else taken.samples for taken in batch]
        log_probs = self.log_probs(held)
        decoded = zip(self._decoded(log_probs), map(Heard, log_probs, held), batch, strict=True)
        return [self._doubted(spoken(found, heard, self.info), taken) for found, heard, taken in decoded]

    def _doubted(self, hypothesis: Hypothesis, taken: Intake) -> Hypothesis:
        warnings = taken.meter.warnings(self.info.rate_hz, hypothesis)
        return replace(hypothesis, warnings=warnings) if warnings else hypothesis

    def _windows(self, audios: Iterable[Audio], rate_hz: int | None) -> Iterator[list[_Item]]:
        """Yield the recordings in order as they are read, as many at a time as the window holds."""
        window: list[_Item] = []
        for number, audio in enumerate(audios, start=1):
            window.append(self._item(audio, rate_hz, number))
            if len(window) == WINDOW_ITEMS or sum(map(self._size, window)) >= WINDOW_S * self.info.rate_hz:
                yield window
                window = []
        if window:
            yield window

    def _item(self, audio: Audio, rate_hz: int | None, number: int) -> _Item:
        file = file_of(audio)
        name = f"item {number}" if file is None else str(file)
        try:
            return _Item(name, take_in(audio, rate_hz, self.info.rate_hz, LONGEST_S))
        except AsrError as error:  # those about files name them already
            return _Item(name, error if file is not None else type(error)(f"{name}: {error}"))

    def _size(self, item: _Item) -> float:
        """Return the samples that an item holds; a long recording closes its window, so that nothing waits for it."""
        if isinstance(item.content, AsrError):
            return 0
        return math.inf if self._is_long(item.content) else len(item.content)

    def _results(self, window: Sequence[_Item]) -> list[Hypothesis | AsrError]:
        """Return what is said in each recording of a window, in its order, computed in batches of similar lengths."""
        results: dict[int, Hypothesis | AsrError] = {}
        short: dict[int, Intake] = {}
        for place, item in enumerate(window):
            if isinstance(item.content, AsrError):
                results[place] = item.content
            elif self._is_long(item.content):
                results[place] = self._result_of_long(item.content)
            else:
                short[place] = item.content
        sizes = {place: len(taken) for place, taken in short.items()}
        for places in batches(sizes, round(BATCH_S * self.info.rate_hz)):
            results |= zip(places, self._of_short([short[place] for place in places]), strict=True)
        return [results[place] for place in range(len(window))]

    def _result_of_long(self, taken: Intake) -> Hypothesis | AsrError:
        try:
            return self._of_long(taken)
        except AsrError as error:  # a file that is damaged further on, which its error names
            return error


@dataclass(frozen=True, slots=True)
class _Item:
    """A recording that was taken in, or why it could not be."""

    name: str
    content: Intake | AsrError


def batches(sizes: Mapping[int, int], limit: int, most: int | None = None) -> Iterator[list[int]]:
    """Yield the keys in groups of similar size, where (members) x (the largest) stays within `limit` if it can.

    No group has more than `most` members, and one of ENOUGH takes no further member with which more than PADDING of it
    would be empty.
    """
    batch: list[int] = []
    held = 0
    for key in sorted(sizes, key=lambda key: sizes[key]):
        room = (len(batch) + 1) * sizes[key]
        padded = len(batch) >= ENOUGH and room - held - sizes[key] > PADDING * room
        if batch and (room > limit or padded or len(batch) == most):
            yield batch
            batch, held = [], 0
        batch.append(key)
        held += sizes[key]
    if batch:
        yield batch


def _read_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items while a thread makes the next one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
