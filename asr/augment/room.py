"""Simulated rooms: a bank of them by the image source method (Allen and Berkley 1979), through pyroomacoustics."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from asr.augment.draws import Draws
from asr.augment.link import Effect, Link, Studio
from asr.augment.reverb import Impulse, impulse
from asr.errors import require
from asr.section import Positives, Rising
from asr.types import FloatArray

Metres = Annotated[float, Field(ge=2.0, le=50.0)]
Seconds = Annotated[float, Field(gt=0.0, le=2.0)]
_FROM_WALL_M = 0.3
_SOUND_M_PER_S = 343.0
_REFLECTIONS = 90  # a million images of the mouth, half a second of work; a small room of hard walls then fades sooner


class Place(NamedTuple):
    """A room, how long it takes a sound in it to fade by 60 dB, and where microphone and mouth are: [3] each."""

    size_m: npt.NDArray[np.float64]
    rt60_s: float
    microphone_m: npt.NDArray[np.float64]
    mouth_m: npt.NDArray[np.float64]

    @property
    def distance_m(self) -> float:
        return float(np.linalg.norm(self.mouth_m - self.microphone_m))


class Room(Link):
    """Puts utterances into rooms of a bank that is simulated once, each with one microphone and one mouth."""

    kind: Literal["room"] = "room"
    width_m: Annotated[tuple[Metres, Metres], Rising] = (3.0, 9.0)  # depth too, drawn by itself
    height_m: Annotated[tuple[Metres, Metres], Rising] = (2.4, 4.0)
    rt60_s: Annotated[tuple[Seconds, Seconds], Rising] = (0.1, 0.5)  # a large room has no shorter one than Sabine's
    distance_m: Positives = (0.3, 3.0)  # of mouth and microphone, as far as the room allows
    bank: Annotated[int, Field(ge=1)] = 50

    def effect(self, studio: Studio, rng: np.random.Generator) -> Effect:
        rooms = [(place, simulated(place, studio.rate_hz)) for place in self.places(rng)]

        def in_a_room(samples: FloatArray, draws: Draws) -> FloatArray:
            place, room = rooms[int(draws.rng.integers(len(rooms)))]
            draws.drawn |= {"rt60_s": place.rt60_s, "distance_m": place.distance_m}
            return room(samples)

        return in_a_room

    def places(self, rng: np.random.Generator) -> Iterator[Place]:
        for _ in range(self.bank):
            size = np.array([rng.uniform(*self.width_m), rng.uniform(*self.width_m), rng.uniform(*self.height_m)])
            microphone, other = rng.uniform(_FROM_WALL_M, size - _FROM_WALL_M, (2, 3))
            # On the way to another point of the room, so that the mouth is in it too.
            way = min(1.0, rng.uniform(*self.distance_m) / float(np.linalg.norm(other - microphone)))
            rt60_s = max(rng.uniform(*self.rt60_s), shortest_rt60_s(size))
            yield Place(size, rt60_s, microphone, microphone + way * (other - microphone))


def shortest_rt60_s(size_m: npt.NDArray[np.float64]) -> float:
    """Return Sabine's reverberation time of a room whose walls swallow all but a hundredth."""
    volume, surface = size_m.prod(), 2.0 * (size_m * np.roll(size_m, 1)).sum()
    return float(24.0 * np.log(10.0) / _SOUND_M_PER_S * volume / (0.99 * surface))


def simulated(place: Place, rate_hz: int) -> Impulse:
    """Return the impulse response of a place; MissingPackage without pyroomacoustics."""
    acoustics = require("pyroomacoustics", extra="augment", purpose="augmentation with simulated rooms")
    absorption, order = acoustics.inverse_sabine(place.rt60_s, place.size_m, c=_SOUND_M_PER_S)
    with one_thread(acoustics):
        room = acoustics.ShoeBox(
            place.size_m, fs=rate_hz, materials=acoustics.Material(absorption), max_order=min(order, _REFLECTIONS)
        )
        room.add_source(place.mouth_m)
        room.add_microphone(place.microphone_m)
        room.compute_rir()
    filters = acoustics.constants.get("frac_delay_length") // 2  # samples by which all images are late
    direct = round(place.distance_m / _SOUND_M_PER_S * rate_hz) + filters
    return impulse(np.asarray(room.rir[0][0], dtype=np.float32), direct)


@contextlib.contextmanager
def one_thread(acoustics: Any) -> Iterator[None]:
    """Sum the images in one order, so that the bank is the same on every number of cores."""
    threads = acoustics.constants.get("num_threads")
    acoustics.constants.set("num_threads", 1)
    try:
        yield
    finally:
        acoustics.constants.set("num_threads", threads)
