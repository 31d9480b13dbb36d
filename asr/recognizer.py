"""The product: one model file, an onnxruntime session, audio in, text out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnxruntime

from asr import bundle
from asr.cores import available_cores
from asr.decoders.confidence import calibrated
from asr.decoding import make_decoder
from asr.errors import AsrError, ConfigError, ModelError
from asr.intake import Audio, Intake, take_in
from asr.longform import LONGEST_S, Heard, spoken, transcribed
from asr.streaming import Stream
from asr.types import FloatArray, Hypothesis

# Padded audio that goes through the graph at once, and audio that is read ahead and sorted by length. Together they
# bound the memory, whatever the number of files; a long recording is read and heard in pieces when its turn comes.
BATCH_S = 48.0
WINDOW_S = 240.0
WINDOW_ITEMS = 512

T = TypeVar("T")


class Recognizer:
    """A model file ready to transcribe; safe to share between threads.

    decoder: a name of `asr.decoders.DECODERS`, the model's own unless given; settings: arguments of that decoder, as
    `asr.decoding.make_decoder` takes them (`lm="lm.bin"`, `hotwords=["new york"]`, `nbest=5`).
    Raises MissingFile, ModelError, ConfigError for an impossible number of threads, an unknown decoder or a setting
    that it does not have, and what reading the files of the settings raises.
    """

    def __init__(
        self, path: str | Path | None = None, *, threads: int | None = None, decoder: str | None = None, **settings: Any
    ) -> None:
        path = bundle.default_model() if path is None else Path(path)
        data, self.info = bundle.load_bytes(path)
        self._threads = available_cores() if threads is None else threads
        self._session = _session(data, self._threads, path)
        tuning = make_decoder(self.info, decoder, **settings)
        self._decoder, self._calibration = tuning.decoder, tuning.calibration

    def transcribe(self, audio: Audio, *, rate_hz: int | None = None) -> Hypothesis:
        """Return what is said in a file, a Waveform, or an array [T] or [T, C] of floats in [-1, 1] or of integers.

        rate_hz is the array's rate, the model's own unless given; files and Waveforms know theirs. Of more than
        `asr.longform.LONGEST_S` windows are heard and phrases decoded, so that the memory does not grow with the
        length. Raises AudioError.
        """
        taken = take_in(audio, rate_hz, self.info.rate_hz, LONGEST_S)
        return self._of_long(taken) if self._is_long(taken) else self._of_short([taken])[0]

    def transcribe_batch(self, audios: Iterable[Audio], *, rate_hz: int | None = None) -> list[Hypothesis]:
        """Return the hypotheses of many recordings, in their order; equal to those of `transcribe`, and faster.

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
        """Return log-probabilities [F', V] of each waveform [T] at the model's rate, as one padded batch."""
        if not batch:  # onnxruntime aborts the process on a batch of none
            return []
        lengths = np.array([len(samples) for samples in batch], dtype=np.int64)
        padded = np.zeros((len(batch), lengths.max()), dtype=np.float32)  # [N, T]
        for row, samples in zip(padded, batch, strict=True):
            row[: len(samples)] = samples
        log_probs, frames = self._session.run(["log_probs", "frames"], {"samples": padded, "lengths": lengths})
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
        is_file = isinstance(audio, str | Path)
        name = str(audio) if is_file else f"item {number}"
        try:
            return _Item(name, take_in(audio, rate_hz, self.info.rate_hz, LONGEST_S))
        except AsrError as error:  # those about files name them already
            return _Item(name, error if is_file else type(error)(f"{name}: {error}"))

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


def batches(sizes: Mapping[int, int], limit: int) -> Iterator[list[int]]:
    """Yield the keys in groups of similar size, where (members) x (the largest) stays within `limit` if it can."""
    batch: list[int] = []
    for key in sorted(sizes, key=lambda key: sizes[key]):
        if batch and (len(batch) + 1) * sizes[key] > limit:
            yield batch
            batch = []
        batch.append(key)
    if batch:
        yield batch


def _read_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items while a thread makes the next one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def _session(model: bytes, threads: int, path: Path) -> onnxruntime.InferenceSession:
    if threads < 1:
        raise ConfigError(f"threads: {threads} is too few; give 1 or more, or leave it out for all cores")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors; warnings are for those who wrote the graph
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no base that it exports
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{path}: onnxruntime {onnxruntime.__version__} cannot load it ({reason}); "
            "update with: pip install -U onnxruntime"
        ) from error
