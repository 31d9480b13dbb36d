"""Coloured noise: white, pink (-3 dB an octave) or brown (-6 dB an octave), at a signal-to-noise ratio."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.mixing import with_noise
from asr.section import Range
from asr.types import FloatArray

Colour = Literal["white", "pink", "brown"]
_FALL: dict[Colour, float] = {"white": 0.0, "pink": 0.5, "brown": 1.0}  # of the amplitude, as a power of the frequency
_FLAT_BELOW_HZ = 50.0  # else most of the power of brown noise would be where nobody hears it


class Noise(Link):
    """Adds noise of one colour."""

    kind: Literal["noise"] = "noise"
    snr_db: Range = (5.0, 30.0)
    colours: Annotated[tuple[Colour, ...], Field(min_length=1)] = ("white", "pink", "brown")

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def noisy(samples: FloatArray, draws: Draws) -> FloatArray:
            noise = coloured(draws.one_of("colour", self.colours), len(samples), studio.rate_hz, draws.rng)
            return with_noise(samples, noise, draws.between("snr_db", self.snr_db))

        return noisy


def coloured(colour: Colour, length: int, rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Return Gaussian noise of a colour: [length]."""
    if colour == "white":
        return rng.standard_normal(length, dtype=np.float32)
    size = quick_size(length)
    hertz = np.fft.rfftfreq(size, 1 / rate_hz).astype(np.float32)
    shape = np.maximum(hertz, np.float32(_FLAT_BELOW_HZ)) ** np.float32(-_FALL[colour])
    spectrum = rng.standard_normal(2 * len(hertz), dtype=np.float32).view(np.complex64) * shape
    return np.fft.irfft(spectrum, size)[:length].astype(np.float32)


def quick_size(length: int) -> int:
    """Return the least 2^n, 3 * 2^n or 5 * 2^n from `length` on: sizes that are transformed fast."""
    return min(odd << (-(-length // odd) - 1).bit_length() for odd in (1, 3, 5))
