"""Recorded rooms: impulse responses in a folder or manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from asr import audio
from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.reverb import impulse
from asr.augment.sounds import listed
from asr.errors import DataError
from asr.types import FloatArray


class Impulses(Link):
    """Puts utterances into rooms whose impulse responses were recorded."""

    kind: Literal["impulses"] = "impulses"
    path: Annotated[Path, Field(strict=False)]  # a folder, searched with what is below it, or a manifest
    bank: Annotated[int, Field(ge=1)] = 200  # of them, drawn once, that are kept in memory

    @property
    def sounds(self) -> Path:
        return self.path

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        found = listed(self.path)
        chosen = [found[index] for index in rng.permutation(len(found))[: self.bank]]
        read = ((sound.id, audio.read_utterance(sound, studio.rate_hz).samples) for sound in chosen)
        rooms = [(name, impulse(response)) for name, response in read if response.any()]
        if not rooms:
            raise DataError(f"{self.path}: all impulse responses are silent; name another folder")

        def in_a_room(samples: FloatArray, draws: Draws) -> FloatArray:
            name, room = rooms[int(draws.rng.integers(len(rooms)))]
            draws.drawn["room"] = name
            return room(samples)

        return in_a_room
