"""A chain of augmentations: each utterance goes through each link with that link's probability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from asr.augment.draws import Draws
from asr.augment.link import Link, Studio
from asr.types import FloatArray


class Stage(NamedTuple):
    """What one link made of an utterance, and what it drew for it."""

    kind: str
    drawn: dict[str, float | str]
    samples: FloatArray


class Chain:
    """Links made ready: banks of rooms and voices are drawn from `seed`, all else from the generator of each call.

    Every link has random numbers of its own, so that a link which never happens changes nothing, and another
    probability of one link leaves what the others draw as it was.
    """

    def __init__(self, links: Sequence[Link], studio: Studio, seed: int) -> None:
        rngs = np.random.default_rng(seed).spawn(len(links))
        self.links = [
            (link, link.effect(studio, rng) if link.p > 0.0 else None) for link, rng in zip(links, rngs, strict=True)
        ]

    def __call__(self, samples: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the samples [T] after all links that happen: [about T]; `rng` itself draws nothing."""
        for stage in self.stages(samples, rng):
            samples = stage.samples
        return samples

    def stages(self, samples: FloatArray, rng: np.random.Generator) -> Iterator[Stage]:
        """Yield what each link that happens made of the samples [T], one after the other."""
        if not len(samples):
            return
        for (link, effect), own in zip(self.links, rng.spawn(len(self.links)), strict=True):
            if effect is not None and own.random() < link.p:
                draws = Draws(own)
                samples = effect(samples, draws)
                yield Stage(link.kind, draws.drawn, samples)
