"""Mixing: how loud samples are, noise at a signal-to-noise ratio, sounds that begin again where they end."""

from __future__ import annotations

import numpy as np

from asr.types import FloatArray


def rms(samples: FloatArray) -> float:
    """Return the root of the mean square of samples [T], T > 0."""
    return float(np.sqrt(np.dot(samples, samples) / len(samples)))


def with_noise(samples: FloatArray, noise: FloatArray, snr_db: float) -> FloatArray:
    """Return samples [T] with noise [T] so loud that their mean powers have that ratio; silence is left as it is."""
    speech, level = rms(samples), rms(noise)
    if speech == 0.0 or level == 0.0:
        return samples
    return samples + noise * np.float32(speech / level * 10.0 ** (-snr_db / 20.0))


def as_loud_as(samples: FloatArray, other: FloatArray) -> FloatArray:
    """Return samples [T] scaled to the loudness of others [T]; silence stays silence."""
    level = rms(samples)
    return samples * np.float32(rms(other) / level) if level else samples


def looped(sound: FloatArray, start: int, length: int) -> FloatArray:
    """Return `length` samples of a sound [T], T > 0, from `start` on; it begins again where it ends."""
    first = sound[start : start + length]
    return first if len(first) == length else np.concatenate([first, np.resize(sound, length - len(first))])
