"""A band limit: deep and high frequencies cut off, as by a cheap microphone or a recording that was converted."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from asr.augment.draws import Draws
from asr.augment.filters import band_pass, convolve
from asr.augment.link import Effect, Link, Studio
from asr.section import EXPLAINED, Positives
from asr.types import FloatArray


class Band(Link):
    """Cuts off what lies below one frequency and above another."""

    kind: Literal["band"] = "band"
    low_hz: Positives = (50.0, 300.0)
    high_hz: Positives = (3000.0, 7000.0)

    @model_validator(mode="after")
    def ends_apart(self) -> Self:
        if self.low_hz[1] >= self.high_hz[0]:
            raise PydanticCustomError(EXPLAINED, "low_hz reaches into high_hz; part them")
        return self

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def limited(samples: FloatArray, draws: Draws) -> FloatArray:
            low_hz, high_hz = draws.between("low_hz", self.low_hz), draws.between("high_hz", self.high_hz)
            taps = band_pass(low_hz, high_hz, studio.rate_hz)
            return convolve(samples, taps, len(taps) // 2)

        return limited
