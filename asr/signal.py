"""What can be measured in samples: loudness, clipping, pauses, and how far up the spectrum reaches."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.types import FloatArray

Spectrum = npt.NDArray[np.float64]

HOPS = 4  # to a frame of a model: 10 ms where a frame is 40 ms
HOP_S = 0.01
_FULL_SCALE = 0.999
_FAINT = 0.01  # what peaks below this has not been clipped: its steps are coarse, and two neighbours soon the same

# Quiet is what lies in the lower quarter, in decibels, between the floor and the speech; where these are less than
# CONTRAST_DB apart, nothing stands out. Speech is what is not quiet for 50 ms, so that a click is none. These agree
# with `asr.alignment.edges`.
CONTRAST_DB = 10.0
_QUIET = 0.25
_RANGE_DB = 40.0
_SPEECH_HOPS = 5
SHORT_PAUSE_S = 0.3  # such a pause is part of speaking

_WINDOW_S = 0.032
# A band limit is a cliff: above it everything is this much weaker than below it, within 300 Hz. Speech and its rooms
# fall off by 20 dB at the most; an MP3 encoder or a resampler leaves 50 dB and more.
CLIFF_DB = 30.0
_CLIFF_HZ = 300.0
_BELOW_HZ = 600.0


def loudness_db(
    samples: FloatArray, frames: int, frame_samples: int, *, before: FloatArray | None = None
) -> FloatArray:
    """Return the level [HOPS * frames] of samples [T] after pre-emphasis; silence where the frames outlast them.

    before: the sample [1] that comes before them, where there is one.
    """
    # Differences of neighbours: hum and rumble do not count, hisses do.
    return _levels(np.diff(samples, prepend=samples[:1] if before is None else before), frames, frame_samples)


def voice_db(samples: FloatArray, frames: int, frame_samples: int, rate_hz: int) -> FloatArray:
    """Return the level [HOPS * frames] of samples [T] in the band of voices, about 0.5 to 3.5 kHz."""
    # Sums of neighbours, 250 us apart with opposite signs: neither rumble nor hiss counts for much.
    sums, lag = samples[1:] + samples[:-1], max(1, round(rate_hz / 4000))
    return _levels(sums[lag:] - sums[:-lag], frames, frame_samples)


def _levels(filtered: FloatArray, frames: int, frame_samples: int) -> FloatArray:
    if not frames:
        return np.zeros(0, np.float32)
    power = np.zeros(frames * frame_samples, np.float32)
    filtered = filtered[: len(power)]
    power[: len(filtered)] = np.square(filtered)
    edges = np.round(np.arange(HOPS * frames + 1) * frame_samples / HOPS).astype(np.int64)
    energy = np.add.reduceat(power, edges[:-1]) / np.diff(edges)
    return np.asarray(10 * np.log10(energy + 1e-10), np.float32)


def clipped_samples(samples: FloatArray) -> int:
    """Count the samples [T] inside of runs of three or more at full scale, or at the highest or lowest value."""
    if not len(samples):
        return 0
    low, high = samples.min(), samples.max()
    if max(-low, high) < _FAINT:
        return 0
    at_end = (samples == high) | (samples == low) | (np.abs(samples) >= _FULL_SCALE)
    return int(np.count_nonzero(at_end[1:-1] & at_end[:-2] & at_end[2:]))


class Pauses(NamedTuple):
    """Where nothing is said, in seconds."""

    lead_s: float
    tail_s: float
    longest_s: float
    longest_at_s: float
    inside_s: float  # all pauses within that are longer than SHORT_PAUSE_S
    contrast_db: float  # speech over floor


def pauses(loudness: FloatArray) -> Pauses:
    """Measure the pauses in a level [H] in decibels, one value a HOP_S.

    A recording in which nothing stands out has none.
    """
    if not len(loudness):
        return Pauses(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    smooth = np.convolve(np.pad(loudness, 2, "edge"), np.full(5, 0.2), "valid")
    floor, level = (float(value) for value in np.quantile(smooth, (0.05, 0.95)))
    starts, ends = _speech(smooth > max(floor, level - _RANGE_DB) * (1 - _QUIET) + level * _QUIET)
    if level - floor < CONTRAST_DB or not len(starts):
        return Pauses(0.0, 0.0, 0.0, 0.0, 0.0, level - floor)
    gaps = (starts[1:] - ends[:-1]) * HOP_S
    longest = int(gaps.argmax()) if len(gaps) else 0
    return Pauses(
        lead_s=float(starts[0] * HOP_S),
        tail_s=float((len(loudness) - ends[-1]) * HOP_S),
        longest_s=float(gaps[longest]) if len(gaps) else 0.0,
        longest_at_s=float(ends[longest] * HOP_S) if len(gaps) else 0.0,
        inside_s=float(gaps[gaps > SHORT_PAUSE_S].sum()),
        contrast_db=level - floor,
    )


def _speech(loud: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first hops of the runs of speech, and those after their last."""
    steps = np.diff(np.concatenate([[0], loud.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    kept = ends - starts >= _SPEECH_HOPS
    return starts[kept], ends[kept]


def window_samples(rate_hz: int) -> int:
    """Return the samples of a window of `power_spectrum`: the power of two nearest to 32 ms."""
    return 1 << max(1, round(math.log2(_WINDOW_S * rate_hz)))


def power_spectrum(samples: FloatArray, rate_hz: int) -> Spectrum:
    """Return the summed power [window / 2 + 1] of the windows of samples [T]; the last samples fill no window."""
    size = window_samples(rate_hz)
    frames = samples[: len(samples) // size * size].reshape(-1, size) * np.hanning(size).astype(np.float32)
    values = np.fft.rfft(frames, axis=1)  # [F, size / 2 + 1]
    return np.asarray(np.square(values.real).sum(0) + np.square(values.imag).sum(0), np.float64)


def band_limit_hz(power: Spectrum, rate_hz: int) -> float:
    """Return the frequency above which a summed power spectrum falls off a cliff; half of the rate if it does not."""
    level = 10 * np.log10(power + 1e-20)
    step_hz = rate_hz / 2 / (len(level) - 1)
    gap, width = round(_CLIFF_HZ / step_hz), round(_BELOW_HZ / step_hz)
    loudest_above = np.maximum.accumulate(level[::-1])[::-1]
    sums = np.concatenate([[0.0], np.cumsum(level)])
    at = np.arange(width, len(level) - 2 * gap)
    below = (sums[at] - sums[at - width]) / width
    cliffs = at[below - loudest_above[at + gap] > CLIFF_DB]
    return float((cliffs[0] + gap) * step_hz) if len(cliffs) else rate_hz / 2
