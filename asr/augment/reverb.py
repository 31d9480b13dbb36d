"""Reverberation: samples as they sound in a room whose impulse response is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr.augment.filters import convolve
from asr.augment.mixing import as_loud_as
from asr.types import FloatArray

_FAINT = 1e-6  # of the energy: what lies behind, 60 dB down, is cut off


@dataclass(frozen=True, slots=True)
class Impulse:
    """An impulse response [L] without what is too faint to hear, and at which sample the direct sound arrives."""

    taps: FloatArray
    direct: int

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Return samples [T] in that room, as loud as before and no later: [T]."""
        return as_loud_as(convolve(samples, self.taps, self.direct), samples)


def impulse(response: FloatArray, direct: int | None = None) -> Impulse:
    """Make an impulse of a response [L] that is not silent; the direct sound is the loudest unless it is told."""
    energy = np.cumsum(np.square(response, dtype=np.float64))
    last = int(np.searchsorted(energy, (1.0 - _FAINT) * energy[-1]))
    return Impulse(response[: last + 1], int(np.abs(response).argmax()) if direct is None else direct)
