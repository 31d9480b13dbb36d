"""One recording, read once and measured: everything that the checks of the sound ask for, in a few numbers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from asr import audio
from asr.errors import AudioError, MissingFile, SampleError
from asr.signal import (
    HOP_S,
    HOPS,
    Pauses,
    Spectrum,
    band_limit_hz,
    clipped_samples,
    loudness_db,
    pauses,
    power_spectrum,
    window_samples,
)
from asr.types import FloatArray, Utterance

PIECE_S = 60.0  # held at a time, so that the memory does not grow with the recordings
SLACK_S = 0.05  # as in `asr.audio`: times in manifests are rounded
NOTHING_DB = -120.0


@dataclass(frozen=True, slots=True)
class Sound:
    """What was measured in the span of a file that an utterance names, at the file's own rate."""

    rate_hz: int
    channels: int
    coding: str
    file_s: float
    duration_s: float
    level_db: float  # root mean square without the offset, over full scale
    offset: float  # mean of the samples
    is_constant: bool
    clipped: int  # samples of all channels
    cancelled_db: float  # what is lost where the channels are added
    pauses: Pauses
    band_hz: float
    digest: bytes  # of the samples rounded to 16 bits

    @property
    def speech_s(self) -> float:
        """Seconds without the ends and the longer pauses."""
        return max(self.duration_s - self.pauses.lead_s - self.pauses.tail_s - self.pauses.inside_s, HOP_S)


class Fault(NamedTuple):
    """Why there is no sound to be measured."""

    kind: Literal["missing", "unreadable", "outside", "not_finite"]
    says: str


def measure(utterance: Utterance) -> Sound | Fault:
    """Read what training would read of an utterance; raises MissingPackage where the format needs another package."""
    try:
        info = audio.probe(utterance.audio)
        end_s = utterance.start_s + utterance.duration_s
        if info.frames and end_s > info.duration_s + SLACK_S:
            return Fault("outside", f"ends at {end_s:.2f} s, its file at {info.duration_s:.2f} s")
        return _measured(utterance, info)
    except MissingFile as error:
        return Fault("missing", str(error))
    except SampleError as error:
        return Fault("not_finite", str(error))
    except AudioError as error:
        return Fault("unreadable", str(error))


def _measured(utterance: Utterance, info: audio.AudioInfo) -> Sound:
    sums = _Sums(info)
    for channels in _pieces(utterance, info):
        sums.add(channels)
    *of_channels, of_mean = sums.variance
    return Sound(
        rate_hz=info.rate_hz,
        channels=info.channels,
        coding=_coding(info),
        file_s=info.duration_s,
        duration_s=sums.samples / info.rate_hz,
        level_db=_db(of_mean),
        offset=float(sums.mean[-1]),
        is_constant=sums.low == sums.high,
        clipped=sums.clipped,
        cancelled_db=_db(sum(of_channels) / info.channels) - _db(of_mean),
        pauses=pauses(np.concatenate(sums.loudness)),
        band_hz=band_limit_hz(sums.power, info.rate_hz),
        digest=sums.digest.digest(),
    )


def _coding(info: audio.AudioInfo) -> str:
    """Name a coding as people do: what is inside of an Ogg file, MP3, and samples with their bits."""
    if info.subtype.startswith("PCM_"):
        return f"{info.format} {info.subtype}"
    return info.format if info.subtype.startswith("MPEG") else info.subtype


def _db(power: float) -> float:
    return 10 * math.log10(power) if power > 10 ** (NOTHING_DB / 10) else NOTHING_DB


def _pieces(utterance: Utterance, info: audio.AudioInfo) -> Iterator[list[FloatArray]]:
    """Yield the channels [T] of each piece of an utterance; the last goes to the end of the file if it is near."""
    left_s = info.duration_s - utterance.start_s
    whole_s = None if abs(left_s - utterance.duration_s) <= SLACK_S else utterance.duration_s
    count = max(1, round((whole_s or left_s) / PIECE_S))
    for number in range(count):
        first_s = number * PIECE_S
        span_s = PIECE_S if number < count - 1 else whole_s and whole_s - first_s
        yield [
            audio.read(utterance.audio, start_s=utterance.start_s + first_s, duration_s=span_s, channel=channel).samples
            for channel in range(info.channels)
        ]


class _Sums:
    """What is added up over the pieces of a recording: of its channels, and last of their mean."""

    def __init__(self, info: audio.AudioInfo) -> None:
        self.info = info
        self.samples = 0
        self.totals, self.squares = np.zeros(info.channels + 1), np.zeros(info.channels + 1)
        self.low, self.high = math.inf, -math.inf
        self.clipped = 0
        self.power: Spectrum = np.zeros(window_samples(info.rate_hz) // 2 + 1)
        self.loudness: list[FloatArray] = []
        self.digest = hashlib.blake2b(digest_size=16)

    def add(self, channels: list[FloatArray]) -> None:
        """Add a piece of each channel, [T] all."""
        mean = channels[0] if len(channels) == 1 else np.mean(channels, axis=0)
        for at, samples in enumerate([*channels, mean]):
            self.totals[at] += samples.sum(dtype=np.float64)
            self.squares[at] += np.square(samples, dtype=np.float64).sum()
        self.samples += len(mean)
        for samples in channels:
            self.low, self.high = min(self.low, float(samples.min())), max(self.high, float(samples.max()))
            self.clipped += clipped_samples(samples)
            self.digest.update(np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes())
        self.power += power_spectrum(mean, self.info.rate_hz)
        self.loudness.append(_loudness(mean, self.info.rate_hz))

    @property
    def mean(self) -> Spectrum:
        return self.totals / self.samples

    @property
    def variance(self) -> list[float]:
        return [float(value) for value in self.squares / self.samples - np.square(self.mean)]


def _loudness(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Return the level of each whole HOP_S of samples [T]."""
    frame = round(HOPS * HOP_S * rate_hz)
    return loudness_db(samples, -(-len(samples) // frame), frame)[: len(samples) * HOPS // frame]
