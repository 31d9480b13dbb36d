"""Utterances as training hears them: at a speed and a tempo, through the chain of augmentations, at a loudness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from asr.augment import Chain, Stage, Studio
from asr.config import Config
from asr.train.augment import draw_gain, draw_speed
from asr.train.batches import AudioCache
from asr.types import FloatArray, Utterance


@dataclass(frozen=True, slots=True)
class Spoken:
    """Augments one utterance at a time; every random number comes from the generator of the call."""

    cache: AudioCache
    chain: Chain
    speeds: Sequence[float]
    tempos: Sequence[float]
    gain_db: float

    def __call__(self, utterance: Utterance, rng: np.random.Generator) -> FloatArray:
        """Return the samples [about T / (speed * tempo)] of an utterance."""
        *_, last = self.stages(utterance, rng)
        return last.samples

    def stages(self, utterance: Utterance, rng: np.random.Generator) -> Iterator[Stage]:
        """Yield what each step made of an utterance, and what was drawn for it."""
        speed, gain = draw_speed(rng, self.speeds), draw_gain(rng, self.gain_db)
        drawn: dict[str, float | str] = {"factor": speed}
        tempo = self.tempos[0]
        if len(self.tempos) > 1:  # a tempo that is always the same takes no random number
            tempo = draw_speed(rng, self.tempos)
        if tuple(self.tempos) != (1.0,):
            drawn["tempo"] = tempo
        samples = self.cache.samples(utterance, speed, tempo)
        yield Stage("speed", drawn, samples)
        for stage in self.chain.stages(samples, rng):
            samples = stage.samples
            yield stage
        yield Stage("gain", {"db": 20.0 * math.log10(gain)}, samples * np.float32(gain))


def build_spoken(config: Config, utterances: Sequence[Utterance], cache: AudioCache) -> Spoken:
    """Make what augments a training set as a config says; raises what the links of its chain raise."""
    chain = Chain(config.augment.chain, Studio(cache.rate_hz, utterances), config.train.seed)
    return Spoken(cache, chain, config.augment.speeds, config.augment.tempos, config.augment.gain_db)
