"""Pitch: a deeper or higher voice at the same tempo."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.stretch import stretched
from asr.section import Rising
from asr.types import FloatArray

Semitones = Annotated[float, Field(ge=-12.0, le=12.0)]


class Pitch(Link):
    """Moves all frequencies by so many semitones."""

    kind: Literal["pitch"] = "pitch"
    semitones: Annotated[tuple[Semitones, Semitones], Rising] = (-2.0, 2.0)

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def at_pitch(samples: FloatArray, draws: Draws) -> FloatArray:
            factor = 2.0 ** (draws.between("semitones", self.semitones) / 12.0)
            return stretched(samples, studio.rate_hz, pitch=factor)

        return at_pitch
