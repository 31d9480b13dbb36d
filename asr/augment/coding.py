"""Samples as they come out of a lossy code: encoded and decoded by libsndfile, in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from asr.samples import resample
from asr.types import FloatArray

_SHORTEST = 64  # samples that are coded; what is shorter is filled up
_MP3_DELAY = 576 + 529  # samples of LAME's encoder and of a decoder, not cut off where no tag tells of them


@dataclass(frozen=True, slots=True)
class Code:
    """A code as soundfile names it, and the rates at which it works, rising."""

    format: str
    subtype: str
    rates_hz: Sequence[int]
    mode: str | None = None

    def rate_hz(self, rate_hz: int) -> int:
        """Return the least rate at which nothing of `rate_hz` is lost, else the greatest there is."""
        return next((rate for rate in self.rates_hz if rate >= rate_hz), self.rates_hz[-1])


def coded(samples: FloatArray, rate_hz: int, code: Code, level: float | None = None) -> FloatArray:
    """Return samples [T] encoded and decoded, no later than they were: [T]; `level` is soundfile's of compression."""
    there_hz = code.rate_hz(rate_hz)
    there = resample(fitted(samples, max(_SHORTEST, len(samples))), rate_hz, there_hz)
    back = resample(decoded(there, there_hz, code, level), there_hz, rate_hz)
    return fitted(back, len(samples))


def decoded(samples: FloatArray, rate_hz: int, code: Code, level: float | None) -> FloatArray:
    """Return what a code that works at this rate makes of samples [T]: [T]."""
    full_scale = max(1.0, float(np.abs(samples).max()))  # beyond it codes clip
    file = io.BytesIO()
    soundfile.write(
        file, samples / full_scale, rate_hz,
        format=code.format, subtype=code.subtype, compression_level=level, bitrate_mode=code.mode,
    )  # fmt: skip
    file.seek(0)
    found = soundfile.read(file, dtype="float32")[0]
    late = _MP3_DELAY if len(found) > len(samples) else 0  # an MP3 of few bits has no room for the tag
    return fitted(found[late:], len(samples)) * np.float32(full_scale)


def fitted(samples: FloatArray, length: int) -> FloatArray:
    """Return samples cut to a length, or filled up with zeros."""
    return np.pad(samples[:length], (0, max(0, length - len(samples))))
