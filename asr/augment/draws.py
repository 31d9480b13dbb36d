"""Random numbers with names, so that what was drawn for an utterance can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice")


@dataclass(slots=True)
class Draws:
    """Draws from a generator, and keeps in `drawn` what came out."""

    rng: np.random.Generator
    drawn: dict[str, float | str] = field(default_factory=dict)

    def between(self, name: str, limits: tuple[float, float]) -> float:
        """Return a number that is even between two others."""
        value = float(self.rng.uniform(*limits))
        self.drawn[name] = value
        return value

    def count(self, name: str, limits: tuple[int, int]) -> int:
        """Return a whole number between two others, both included."""
        value = int(self.rng.integers(limits[0], limits[1], endpoint=True))
        self.drawn[name] = value
        return value

    def one_of(self, name: str, choices: Sequence[Choice]) -> Choice:
        """Return one of several things, each as likely as the others; `drawn` keeps how it is written."""
        value = choices[int(self.rng.integers(len(choices)))]
        self.drawn[name] = str(value)
        return value
