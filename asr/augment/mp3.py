"""MP3: the code of podcasts and of many corpora."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr.augment.coding import Code, coded
from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.section import Rising
from asr.types import FloatArray

# From which rate on a generation of MPEG audio works, and its bit rates, for compression levels 1 and 0 of libsndfile.
LIMITS_KBPS = {8000: (8.0, 64.0), 16000: (8.0, 160.0), 32000: (32.0, 320.0)}
MP3 = Code("MP3", "MPEG_LAYER_III", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000), mode="CONSTANT")
_LAST_LEVEL = 0.999  # libsndfile refuses 1.0 of MP3, though it is in its range
Kbps = Annotated[float, Field(ge=8.0, le=320.0)]


class Mp3(Link):
    """Encodes with a constant bit rate, the nearest that there is at the rate of the samples, and decodes."""

    kind: Literal["mp3"] = "mp3"
    kbps: Annotated[tuple[Kbps, Kbps], Rising] = (16.0, 48.0)

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        least, most = next(limits for hz, limits in reversed(LIMITS_KBPS.items()) if hz <= MP3.rate_hz(studio.rate_hz))

        def as_mp3(samples: FloatArray, draws: Draws) -> FloatArray:
            level = (most - draws.between("kbps", self.kbps)) / (most - least)
            return coded(samples, studio.rate_hz, MP3, min(max(level, 0.0), _LAST_LEVEL))

        return as_mp3
