"""Augmentation of samples: kinds of it by name, and the chain of them that a config describes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from asr.augment.babble import Babble
from asr.augment.band import Band
from asr.augment.chain import Chain, Stage
from asr.augment.clip import Clip
from asr.augment.draws import Draws
from asr.augment.gaps import Gaps
from asr.augment.impulses import Impulses
from asr.augment.link import Effect, Link, Studio
from asr.augment.mp3 import Mp3
from asr.augment.noise import Noise
from asr.augment.opus import Opus
from asr.augment.pitch import Pitch
from asr.augment.recordings import Recordings
from asr.augment.room import Room
from asr.augment.telephone import Telephone
from asr.augment.tempo import Tempo
from asr.errors import did_you_mean
from asr.section import EXPLAINED, explain

__all__ = ["KINDS", "Chain", "Draws", "Effect", "Link", "Stage", "Studio", "fastest", "link"]

KINDS: dict[str, type[Link]] = {
    "babble": Babble,
    "band": Band,
    "clip": Clip,
    "gaps": Gaps,
    "impulses": Impulses,
    "mp3": Mp3,
    "noise": Noise,
    "opus": Opus,
    "pitch": Pitch,
    "recordings": Recordings,
    "room": Room,
    "telephone": Telephone,
    "tempo": Tempo,
}


def link(value: object) -> Link:
    """Return the link that a table of a config describes; pydantic's error says what is wrong with it."""
    if isinstance(value, Link):
        return value
    if not isinstance(value, dict) or not isinstance(kind := value.get("kind"), str):
        raise _wrong(f'is no table with a kind; write kind = "noise" or another of {", ".join(KINDS)}')
    if kind not in KINDS:
        raise _wrong(f"unknown kind {kind!r}{did_you_mean(kind, KINDS)}")
    try:
        return KINDS[kind].model_validate(value)
    except ValidationError as error:
        raise _wrong(explain(error, KINDS[kind], within=[kind])) from error


def fastest(chain: Iterable[Link]) -> float:
    """Return how many times as fast as before a chain may make an utterance at the most."""
    return math.prod(link.fastest for link in chain if link.p > 0.0)


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError(EXPLAINED, "{reason}", {"reason": reason})
