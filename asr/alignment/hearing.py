"""What alignment needs of a recording: log-probabilities and loudness, in memory bounded by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from asr import audio as audio_file
from asr.alignment.edges import HOPS, loudness_db
from asr.longform import CONTEXT_S, AcousticModel, frame_samples, windowed_log_probs, windows
from asr.recognizer import Audio
from asr.types import FloatArray, Waveform

# Of a file no more is held at a time than this and its context, 39 MB at 16 kHz.
PIECE_S = 600.0


class Heard(NamedTuple):
    """A recording as a model hears it, and how loud it is."""

    log_probs: FloatArray  # [F, V]
    loudness: FloatArray  # [HOPS * F]
    duration_s: float


def hear(model: AcousticModel, audio: Audio, rate_hz: int | None = None) -> Heard:
    """Run a recording through a model, a file piece by piece; raises AudioError, MissingFile."""
    total, read = _source(audio, rate_hz, model.info.rate_hz)
    step = frame_samples(model.info)
    size, context = (round(span_s / model.info.frame_shift_s) * step for span_s in (PIECE_S, CONTEXT_S))
    log_probs, loudness = [], []
    for piece in windows(total, size, context):
        samples = read(piece.context_first, None if piece.end == total else piece.context_end)
        rows = windowed_log_probs(model, samples)
        levels = loudness_db(samples, len(rows), step)
        before = (piece.first - piece.context_first) // step
        kept = slice(before, None if piece.end == total else before + size // step)
        log_probs.append(rows[kept])
        loudness.append(levels.reshape(len(rows), HOPS)[kept].ravel())
    return Heard(np.concatenate(log_probs), np.concatenate(loudness), total / model.info.rate_hz)


def _source(audio: Audio, rate_hz: int | None, model_hz: int) -> tuple[int, Callable[[int, int | None], FloatArray]]:
    """Return how many samples at the model's rate a recording has, and how to read them from one up to another."""
    if isinstance(audio, str | Path):
        return round(audio_file.duration_s(audio) * model_hz), _reader(audio, model_hz)
    waveform = audio if isinstance(audio, Waveform) else Waveform(np.asarray(audio), rate_hz or model_hz)
    samples = audio_file.from_array(waveform.samples, waveform.rate_hz, model_hz).samples
    return len(samples), lambda first, end: samples[first:end]


def _reader(path: str | Path, model_hz: int) -> Callable[[int, int | None], FloatArray]:
    def read(first: int, end: int | None) -> FloatArray:
        span_s = None if end is None else (end - first) / model_hz
        return audio_file.read(path, rate_hz=model_hz, start_s=first / model_hz, duration_s=span_s).samples

    return read
