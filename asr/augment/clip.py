"""Clipping: a recording whose loudest samples were cut off."""

from __future__ import annotations

from typing import Literal

import numpy as np

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.section import Positives
from asr.types import FloatArray


class Clip(Link):
    """Cuts off all that is louder than a limit, so many decibels below the loudest sample."""

    kind: Literal["clip"] = "clip"
    over_db: Positives = (3.0, 15.0)

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def clipped(samples: FloatArray, draws: Draws) -> FloatArray:
            limit = np.abs(samples).max() * np.float32(10.0 ** (-draws.between("over_db", self.over_db) / 20.0))
            return np.clip(samples, -limit, limit)

        return clipped
