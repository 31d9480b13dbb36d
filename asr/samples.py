"""Arrays of samples: scaled, checked, mixed to mono, resampled; and what to read of a file for a span of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from asr.errors import AudioError, SampleError
from asr.types import FloatArray

_LOUDEST = 16.0  # +24 dB over full scale; floats beyond were never scaled to [-1, 1]
_FULL_SCALE = {np.dtype(np.int16): 2**15, np.dtype(np.int32): 2**31}
_CONTEXT = 256  # samples at the lower rate on each side of a span; soxr's HQ filter reaches over 95 of them


class Part(NamedTuple):
    """What to read of a file, at its rate, and what to keep of that, at the rate asked for; None is up to the end."""

    first: int
    frames: int | None
    skip: int
    keep: int | None


def scaled(samples: npt.NDArray[np.generic], where: str) -> FloatArray:
    """Return floats as float32, int16 and int32 divided by their full scale; AudioError for other types."""
    if np.issubdtype(samples.dtype, np.floating):
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, which is refused by name
            return np.ascontiguousarray(samples, np.float32)
    if samples.dtype not in _FULL_SCALE:
        raise AudioError(f"{where}: are of type {samples.dtype}; pass floats in [-1, 1], int16 or int32")
    result: FloatArray = np.multiply(samples, np.float32(1 / _FULL_SCALE[samples.dtype]), dtype=np.float32)
    return result


def check(samples: FloatArray, where: str | Path, *, first: int = 0) -> None:
    """Refuse NaN, infinity and floats that were never scaled: the SampleError counts samples from `first`."""
    # One pass for all three: a NaN comes out of min and max, and fails the comparison.
    if not samples.size or max(samples.max(), -samples.min()) <= _LOUDEST:
        return
    wrong = np.argwhere(~np.isfinite(samples))
    if len(wrong):
        value = samples[tuple(wrong[0])]
        raise SampleError(f"{where}: sample {first + wrong[0][0]} is {value}, not a finite number; repair what made it")
    peak = float(np.abs(samples).max())
    raise SampleError(
        f"{where}: floats reach {peak:g}, not [-1, 1]; divide them by their full scale (32768 for 16 bit)"
    )


def mono(samples: FloatArray, channel: int | None, where: str | Path) -> FloatArray:
    """Return [T] from [T] or [T, C]: the named channel (from 0), else the mean of all."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    if channel is not None and not 0 <= channel < channels:
        choice = "choose 0, the only one" if channels == 1 else f"choose from 0 to {channels - 1}"
        raise AudioError(f"{where}: has no channel {channel}; {choice}")
    if samples.ndim == 1:
        return samples
    if channels == 1 or channel is not None:
        return np.ascontiguousarray(samples[:, channel or 0])
    return samples @ np.full(channels, 1 / channels, np.float32)  # 40 times faster than mean(axis=1)


def resample(samples: FloatArray, source_hz: int, target_hz: int) -> FloatArray:
    """Return samples [T] at another rate, round(T * target_hz / source_hz) of them, by soxr in high quality."""
    if source_hz == target_hz:
        return samples
    return np.asarray(soxr.resample(samples, source_hz, target_hz, quality="HQ"), np.float32)


def part(source_hz: int, target_hz: int, start_s: float, duration_s: float | None) -> Part:
    """Say what to read for a span, so that it comes out as it does of the whole file resampled.

    The span is widened by what the filter sees, and begins where samples of both rates fall together.
    """
    skip = round(start_s * target_hz)
    keep = None if duration_s is None else round(duration_s * target_hz)
    if source_hz == target_hz:
        return Part(skip, keep, 0, keep)
    common = math.gcd(source_hz, target_hz)
    up, down = target_hz // common, source_hz // common
    context = -(-_CONTEXT * source_hz // min(source_hz, target_hz))
    blocks = max(0, skip * down // up - context) // down
    first = blocks * down
    frames = None if keep is None else -(-(skip + keep) * down // up) + context - first
    return Part(first, frames, skip - blocks * up, keep)
