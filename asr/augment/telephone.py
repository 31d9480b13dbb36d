"""The telephone: 300 to 3400 Hz in 8 bits at 8 kHz, by mu-law (America, Japan) or A-law (elsewhere), ITU-T G.711."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr.augment.coding import Code, coded
from asr.augment.draws import Draws
from asr.augment.filters import band_pass, convolve
from asr.augment.link import Effect, Link, Studio
from asr.types import FloatArray

Law = Literal["mulaw", "alaw"]
CODES: dict[Law, Code] = {"mulaw": Code("WAV", "ULAW", (8000,)), "alaw": Code("WAV", "ALAW", (8000,))}
LINE_HZ = (300.0, 3400.0)


class Telephone(Link):
    """Sends utterances over a telephone line."""

    kind: Literal["telephone"] = "telephone"
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("mulaw", "alaw")

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        taps = band_pass(*LINE_HZ, studio.rate_hz)

        def over_the_line(samples: FloatArray, draws: Draws) -> FloatArray:
            limited = convolve(samples, taps, len(taps) // 2)
            return coded(limited, studio.rate_hz, CODES[draws.one_of("law", self.laws)])

        return over_the_line
