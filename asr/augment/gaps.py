"""Dropped samples: gaps of silence, as packets leave that are lost on the way."""

from __future__ import annotations

from typing import Literal

import numpy as np

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.section import Positives
from asr.types import FloatArray

_LONGEST = 0.1  # of an utterance: a gap must not swallow a short word


class Gaps(Link):
    """Sets spans to zero, so many a second and at least one, each of a length of its own."""

    kind: Literal["gaps"] = "gaps"
    per_s: Positives = (0.5, 3.0)
    length_ms: Positives = (5.0, 40.0)

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        def with_gaps(samples: FloatArray, draws: Draws) -> FloatArray:
            total = len(samples)
            count = max(1, round(draws.between("per_s", self.per_s) * total / studio.rate_hz))
            lengths_ms = draws.rng.uniform(*self.length_ms, count)
            lengths = np.minimum(lengths_ms * studio.rate_hz / 1000, _LONGEST * total).astype(int)
            samples = samples.copy()
            for start, length in zip(draws.rng.integers(total - lengths, endpoint=True), lengths, strict=True):
                samples[start : start + length] = 0.0
            return samples

        return with_gaps
