"""What every kind of augmentation is: settings with a probability, and the effect that they describe."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np

from asr.augment.draws import Draws
from asr.section import Section, Share
from asr.types import FloatArray, Utterance

Effect: TypeAlias = Callable[[FloatArray, Draws], FloatArray]


@dataclass(frozen=True, slots=True)
class Studio:
    """What effects are made with: the rate of all samples, and the utterances of the training set."""

    rate_hz: int
    utterances: Sequence[Utterance] = ()


class Link(Section):
    """One link of a chain: what it is, how often it happens, and the ranges from which it is drawn."""

    kind: str
    p: Share  # with this probability an utterance goes through it

    @property
    def fastest(self) -> float:
        """How many times as fast as before an utterance may come out at the most."""
        return 1.0

    @property
    def sounds(self) -> Path | None:
        """The folder or manifest of the sounds that are mixed in."""
        return None

    @abstractmethod
    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        """Prepare the effect; `rng` is for what is made once, such as a bank of rooms.

        The effect takes samples [T], T > 0, and returns as many, or ceil(T / tempo) where it changes the tempo. Time 0
        stays where it was, silence stays silence, and the samples given are left alone. All that is random comes from
        the draws it is given.
        """

    def beside(self, folder: Path) -> Self:
        """Return the same with relative paths that start at a folder."""
        return self.model_copy(update={name: folder / value for name, value in self if isinstance(value, Path)})
