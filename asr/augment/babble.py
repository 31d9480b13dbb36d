"""Babble: several voices of the training set at once, in the background."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr import audio
from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.mixing import looped, rms, with_noise
from asr.section import Range, Rising
from asr.types import FloatArray

Number = Annotated[int, Field(ge=1)]


class Babble(Link):
    """Adds other utterances, equally loud, each from a place of its own on and begun again where it ends."""

    kind: Literal["babble"] = "babble"
    snr_db: Range = (10.0, 30.0)
    voices: Annotated[tuple[Number, Number], Rising] = (3, 8)
    bank: Number = 100  # utterances, drawn once, that are kept in memory for it

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        voices = self.drawn(studio, rng)

        def among_others(samples: FloatArray, draws: Draws) -> FloatArray:
            noise = np.zeros_like(samples)
            for _ in range(draws.count("voices", self.voices) if voices else 0):
                voice = voices[int(draws.rng.integers(len(voices)))]
                noise += looped(voice, int(draws.rng.integers(len(voice))), len(samples))
            return with_noise(samples, noise, draws.between("snr_db", self.snr_db))

        return among_others

    def drawn(self, studio: Studio, rng: np.random.Generator) -> list[FloatArray]:
        """Return utterances of the training set, equally loud; those that are silent are left out."""
        chosen = rng.permutation(len(studio.utterances))[: self.bank]
        bank = [audio.read_utterance(studio.utterances[index], studio.rate_hz).samples for index in chosen]
        return [samples / np.float32(level) for samples in bank if (level := rms(samples)) > 0.0]
