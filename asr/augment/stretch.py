"""Tempo and pitch apart, through Signalsmith Stretch (a phase vocoder that keeps to the peaks of the spectrum)."""

from __future__ import annotations

import math

import numpy as np

from asr.errors import require
from asr.types import FloatArray

_EDGE_S = 0.15  # of silence at both ends: a block of the stretcher begins and ends in it


def stretched(samples: FloatArray, rate_hz: int, *, tempo: float = 1.0, pitch: float = 1.0) -> FloatArray:
    """Return samples [T] at `tempo` times their tempo and `pitch` times their pitch: [ceil(T / tempo)].

    Raises MissingPackage without the package python-stretch.
    """
    library = require("python_stretch", extra="augment", purpose="augmentation with tempo and pitch")
    stretcher = library.Signalsmith.Stretch()
    stretcher.preset(1, rate_hz)
    stretcher.setTimeFactor(tempo)
    stretcher.setTransposeFactor(pitch)
    edge = round(_EDGE_S * rate_hz)
    first, length = round(edge / tempo), math.ceil(len(samples) / tempo)
    out = stretcher.process(np.pad(samples, edge)[None])[0]
    return np.array(out[first : first + length], dtype=np.float32)
