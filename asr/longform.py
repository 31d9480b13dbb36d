"""Long recordings through a model in windows, so that the memory does not grow with their length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from asr.bundle import ModelInfo
from asr.errors import ConfigError
from asr.types import FloatArray

WINDOW_S = 30.0
CONTEXT_S = 4.0


class AcousticModel(Protocol):
    """What a Recognizer has that windows need."""

    info: ModelInfo

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]: ...


class Window(NamedTuple):
    """A span that is kept, and the wider one that is looked at for it; the ends are those before which it stops."""

    first: int
    end: int
    context_first: int
    context_end: int


def windowed_log_probs(
    model: AcousticModel, samples: FloatArray, *, window_s: float = WINDOW_S, context_s: float = CONTEXT_S
) -> FloatArray:
    """Return the log-probabilities [F, V] of samples [T] at the model's rate, run in windows of `window_s`.

    A window sees `context_s` more on either side. Frames stand where they stand when all is run at once, and are as
    many; the values differ by what the model hears farther away than the context. Samples that fit into one window with
    its context are run at once. Raises ConfigError where `window_s` holds no frame or `context_s` is negative.
    """
    step = frame_samples(model.info)
    size, context = round(window_s / model.info.frame_shift_s), round(context_s / model.info.frame_shift_s)
    if size < 1 or context < 0:
        raise ConfigError(f"windows of {window_s} s with {context_s} s around them: give 30 and 4, or leave them out")
    kept = []
    for window in windows(len(samples), size * step, context * step):
        (rows,) = model.log_probs([samples[window.context_first : window.context_end]])
        before = (window.first - window.context_first) // step
        last = window.end == len(samples)
        # Copied, since a part of an array keeps all of it.
        kept.append(rows[before : None if last else before + size].copy())
    return np.concatenate(kept)


def windows(total: int, size: int, context: int) -> Iterator[Window]:
    """Yield windows of `size` that cover 0 to `total`; the last takes what is left if that fits into its context."""
    first = 0
    while True:
        end = first + size
        if end + context >= total:
            end = total
        yield Window(first, end, max(0, first - context), min(total, end + context))
        if end == total:
            return
        first = end


def frame_samples(info: ModelInfo) -> int:
    """Return how many samples lie from one output frame of a model to the next."""
    return round(info.frame_shift_s * info.rate_hz)
