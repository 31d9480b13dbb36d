"""Tempo: faster or slower speech of the same pitch."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.stretch import stretched
from asr.section import Rising, Speed
from asr.types import FloatArray


class Tempo(Link):
    """Plays so many times as fast, the pitch as it was."""

    kind: Literal["tempo"] = "tempo"
    factor: Annotated[tuple[Speed, Speed], Rising] = (0.9, 1.1)

    @property
    def fastest(self) -> float:
        return max(1.0, self.factor[1])

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def at_tempo(samples: FloatArray, draws: Draws) -> FloatArray:
            return stretched(samples, studio.rate_hz, tempo=draws.between("factor", self.factor))

        return at_tempo
