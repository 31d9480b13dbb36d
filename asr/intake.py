"""What a recognizer is given, as samples at the model's rate: files, waveforms and arrays; long files in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from asr import audio as audio_file
from asr.meter import Meter
from asr.types import Channel, FloatArray, Waveform

Audio = str | Path | Channel | npt.NDArray[Any] | Waveform


@dataclass(frozen=True, slots=True)
class Intake:
    """A recording that was taken in, and what has been measured of it so far."""

    meter: Meter
    rate_hz: int
    samples: FloatArray | None = None  # [T]; None for a file too long to be held
    path: str | Path = ""
    channel: int | None = None  # the only one of the file that is heard

    def __len__(self) -> int:
        """Return how many samples are held."""
        return 0 if self.samples is None else len(self.samples)

    def pieces(self) -> Iterator[FloatArray]:
        """Yield the samples in order; of a long file a piece at a time, measured as it is read."""
        if self.samples is not None:
            yield self.samples
            return
        with closing(audio_file.Recording(self.path)) as recording:
            yield from recording.pieces(rate_hz=self.rate_hz, channel=self.channel, listen=self.measure)

    def measure(self, samples: FloatArray) -> None:
        """Measure the next samples of a file, [T] or [T, C], as far as they are heard."""
        self.meter.add(samples if samples.ndim == 1 or self.channel is None else samples[:, self.channel])


def file_of(audio: Audio) -> str | Path | None:
    """Return the file that a recording is in, None for an array and a Waveform."""
    return audio.path if isinstance(audio, Channel) else audio if isinstance(audio, str | Path) else None


def take_in(audio: Audio, rate_hz: int | None, model_hz: int, longest_s: float) -> Intake:
    """Take in a recording at the model's rate, all of it unless it is a file of more than `longest_s`.

    rate_hz: of an array, the model's own unless given. Raises what `asr.audio.read` and `from_array` raise.
    """
    if isinstance(audio, Channel):
        return _file(audio.path, audio.number, model_hz, longest_s)
    if isinstance(audio, str | Path):
        return _file(audio, None, model_hz, longest_s)
    samples, source_hz = (audio.samples, audio.rate_hz) if isinstance(audio, Waveform) else (audio, rate_hz or model_hz)
    taken = audio_file.from_array(samples, source_hz, model_hz).samples
    meter = Meter(model_hz, source_hz=source_hz)
    meter.add(taken)
    return Intake(meter, model_hz, taken)


def _file(path: str | Path, channel: int | None, model_hz: int, longest_s: float) -> Intake:
    with closing(audio_file.Recording(path)) as recording:
        info = recording.info
        meter = Meter(info.rate_hz, info.channels if channel is None else 1)
        taken = Intake(meter, model_hz, path=path, channel=channel)
        if recording.seekable and info.duration_s > longest_s:
            return taken
        heard = recording.read(rate_hz=model_hz, channel=channel, listen=taken.measure)
        return replace(taken, samples=heard.samples)
