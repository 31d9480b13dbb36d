"""Long filters without delay: convolution by overlap-add, and the band pass."""

from __future__ import annotations

import numpy as np

from asr.types import FloatArray

_LEAST_FFT = 4096


def convolve(samples: FloatArray, taps: FloatArray, lead: int) -> FloatArray:
    """Return samples [T] through a filter [L] whose tap `lead` is its time 0: [T].

    In blocks of a few times L (overlap-add), whose transforms stay in the caches of a processor.
    """
    size = max(_LEAST_FFT, 1 << (4 * len(taps) - 1).bit_length())
    hop = size - len(taps) + 1
    blocks = -(-(len(samples) + lead) // hop)
    padded = np.zeros((blocks, hop), dtype=np.float32)
    padded.reshape(-1)[: len(samples)] = samples
    rows = np.fft.irfft(np.fft.rfft(padded, size) * np.fft.rfft(taps, size), size)  # [blocks, size]
    out = rows[:, :hop]
    out[1:, : len(taps) - 1] += rows[:-1, hop:]
    return np.ascontiguousarray(out.reshape(-1)[lead : lead + len(samples)], dtype=np.float32)


def band_pass(low_hz: float, high_hz: float, rate_hz: int) -> FloatArray:
    """Return a filter [L] with its time 0 in the middle, L // 2, that passes what lies between two frequencies.

    A windowed sinc of 62.5 ms: it falls from -0.1 to -60 dB within 100 Hz around each end. Ends at 0 or beyond half the
    rate are open.
    """
    half = rate_hz // 32
    times = np.arange(-half, half + 1)
    edges = [2.0 * min(hz, rate_hz / 2) / rate_hz for hz in (low_hz, high_hz)]
    low, high = (edge * np.sinc(edge * times) for edge in edges)
    return np.asarray((high - low) * np.blackman(2 * half + 1), dtype=np.float32)
