"""What a recognizer is given, as samples at the model's rate: files, waveforms and arrays; long files in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from asr import audio as audio_file
from asr.meter import Meter
from asr.types import FloatArray, Waveform

Audio = str | Path | npt.NDArray[Any] | Waveform


@dataclass(frozen=True, slots=True)
class Intake:
    """A recording that was taken in, and what has been measured of it so far."""

    meter: Meter
    rate_hz: int
    samples: FloatArray | None = None  # [T]; None for a file too long to be held
    path: str | Path = ""

    def __len__(self) -> int:
        """Return how many samples are held."""
        return 0 if self.samples is None else len(self.samples)

    def pieces(self) -> Iterator[FloatArray]:
        """Yield the samples in order; of a long file a piece at a time, measured as it is read."""
        if self.samples is not None:
            yield self.samples
            return
        with closing(audio_file.Recording(self.path)) as recording:
            yield from recording.pieces(rate_hz=self.rate_hz, listen=self.meter.add)


def take_in(audio: Audio, rate_hz: int | None, model_hz: int, longest_s: float) -> Intake:
    """Take in a recording at the model's rate, all of it unless it is a file of more than `longest_s`.

    rate_hz: of an array, the model's own unless given. Raises what `asr.audio.read` and `from_array` raise.
    """
    if isinstance(audio, str | Path):
        return _file(audio, model_hz, longest_s)
    samples, source_hz = (audio.samples, audio.rate_hz) if isinstance(audio, Waveform) else (audio, rate_hz or model_hz)
    taken = audio_file.from_array(samples, source_hz, model_hz).samples
    meter = Meter(model_hz, source_hz=source_hz)
    meter.add(taken)
    return Intake(meter, model_hz, taken)


def _file(path: str | Path, model_hz: int, longest_s: float) -> Intake:
    with closing(audio_file.Recording(path)) as recording:
        info = recording.info
        meter = Meter(info.rate_hz, info.channels)
        if recording.seekable and info.duration_s > longest_s:
            return Intake(meter, model_hz, path=path)
        return Intake(meter, model_hz, recording.read(rate_hz=model_hz, listen=meter.add).samples)
