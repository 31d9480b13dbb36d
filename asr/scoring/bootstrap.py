"""Bootstrap intervals of error rates (Bisani and Ney 2004): utterances, or speakers, drawn again with replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asr.errors import ConfigError
from asr.scoring.totals import FloatArray, IntArray, Totals

_DRAWS = 100_000  # drawn at once: what stays in the cache is the fastest


class Interval(NamedTuple):
    """Where a rate lies in a share (`level`) of the rounds; `units` were drawn (utterances or speakers)."""

    low: float
    high: float
    level: float
    units: int


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How often to draw, from which seed, and the share of the rounds that an interval holds.

    No rounds give no intervals. Raises ConfigError for what cannot be.
    """

    rounds: int = 1000
    seed: int = 1
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.rounds < 0 or self.seed < 0:
            raise ConfigError(
                f"rounds {self.rounds}, seed {self.seed}: below 0; give 1000 rounds or so, and a seed from 0"
            )
        if not 0 < self.level < 1:
            raise ConfigError(f"level: {self.level} is no share between 0 and 1; give 0.95 or so")

    def sums(self, counts: npt.NDArray[np.generic]) -> FloatArray:
        """Return the sums of as many rows as there are, drawn with replacement, of every round: [N, K] -> [rounds, K].

        The draws depend on N, rounds and seed alone, so that two systems are compared on the same ones.
        """
        units = len(counts)
        rng = np.random.default_rng(self.seed)
        sums = np.empty((self.rounds, counts.shape[1]))
        block = max(1, _DRAWS // max(units, 1))
        values = counts.astype(np.float64)
        for first in range(0, self.rounds, block):
            size = min(block, self.rounds - first)
            drawn = rng.integers(units, size=(size, units), dtype=np.int32)
            counters = drawn + units * np.arange(size)[:, None]  # each round has its own
            weights = np.bincount(counters.ravel(), minlength=size * units).reshape(size, units)
            sums[first : first + size] = weights.astype(np.float64) @ values  # whole numbers: exact in any order
        return sums

    def interval(self, values: FloatArray, units: int) -> Interval | None:
        """Return the percentile interval of a rate over the rounds, None where it has none.

        A single unit gives the same sum in every round, which says nothing. Rounds without a reference word have no
        rate and are left out.
        """
        values = values[~np.isnan(values)]
        if units < 2 or not len(values):
            return None
        # np.quantile does the same and loads masked arrays for it, which takes as long as all rounds of a small set.
        ends = (len(values) - 1) * np.array([1 - self.level, 1 + self.level]) / 2
        low, high = np.interp(ends, np.arange(len(values)), np.sort(values))
        return Interval(float(low), float(high), self.level, units)

    def intervals(self, counts: IntArray, rates: Sequence[str]) -> dict[str, Interval | None]:
        """Return the interval of each of the rates: counts [N, 10] of utterances or of speakers."""
        totals = Totals(self.sums(counts))
        return {rate: self.interval(totals.rate(rate), len(counts)) for rate in rates}


def by_speaker(counts: IntArray, speakers: Sequence[str]) -> IntArray:
    """Return the counts of each speaker, in the order in which they first come: [N, K] -> [S, K]."""
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault(speaker, len(numbers)) for speaker in speakers], np.intp)
    sums = np.zeros((len(numbers), counts.shape[1]), np.int64)
    np.add.at(sums, places, counts)
    return sums
