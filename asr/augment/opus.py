"""Opus: the code of calls and messages over the internet."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr.augment.coding import Code, coded
from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.section import Rising
from asr.types import FloatArray

LEAST_KBPS, MOST_KBPS = 6.0, 256.0  # libsndfile's, for compression levels 1 and 0
Kbps = Annotated[float, Field(ge=LEAST_KBPS, le=MOST_KBPS)]
OPUS = Code("OGG", "OPUS", (8000, 12000, 16000, 24000, 48000))


class Opus(Link):
    """Encodes with a bit rate and decodes."""

    kind: Literal["opus"] = "opus"
    kbps: Annotated[tuple[Kbps, Kbps], Rising] = (8.0, 32.0)

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def as_opus(samples: FloatArray, draws: Draws) -> FloatArray:
            level = (MOST_KBPS - draws.between("kbps", self.kbps)) / (MOST_KBPS - LEAST_KBPS)
            return coded(samples, studio.rate_hz, OPUS, level)

        return as_opus
