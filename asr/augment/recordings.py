"""Recorded noise: spans of the sounds in a folder or manifest, in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr import audio
from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.mixing import looped, with_noise
from asr.augment.sounds import listed
from asr.section import Range
from asr.types import FloatArray, Utterance


class Recordings(Link):
    """Adds a span of one sound; a sound that is shorter than the utterance begins again."""

    kind: Literal["recordings"] = "recordings"
    path: Annotated[Path, Field(strict=False)]  # a folder, searched with what is below it, or a manifest
    snr_db: Range = (5.0, 30.0)

    @property
    def sounds(self) -> Path:
        return self.path

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        sounds = listed(self.path)

        def in_noise(samples: FloatArray, draws: Draws) -> FloatArray:
            sound = sounds[int(draws.rng.integers(len(sounds)))]
            draws.drawn["sound"] = sound.id
            noise = span(sound, len(samples), studio.rate_hz, draws)
            return with_noise(samples, noise, draws.between("snr_db", self.snr_db))

        return in_noise


def span(sound: Utterance, length: int, rate_hz: int, draws: Draws) -> FloatArray:
    """Return `length` samples of a sound, from anywhere in it; of its file only these are read."""
    wanted_s = (length + 1) / rate_hz  # one more, for rounding
    if sound.duration_s <= wanted_s:
        samples = audio.read_utterance(sound, rate_hz).samples
        return looped(samples, int(draws.rng.integers(len(samples))), length)
    start_s = sound.start_s + draws.rng.uniform(0.0, sound.duration_s - wanted_s)
    return looped(audio.read(sound.audio, rate_hz=rate_hz, start_s=start_s, duration_s=wanted_s).samples, 0, length)
