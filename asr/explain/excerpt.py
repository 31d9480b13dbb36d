"""What a page is about: a recording, or the part of it that is named, as samples."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from asr.audio import Recording, from_array
from asr.errors import AudioError
from asr.inputs.reading import Part
from asr.meter import Meter
from asr.types import Channel, FloatArray, Waveform

LONGEST_S = 120.0  # whose page has 4 MB, most of it sound
_SLACK_S = 0.05  # a part may end so much behind the recording: times are read off where they are rounded


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The samples of a page, and what has been measured of them."""

    name: str
    samples: FloatArray  # [T]
    rate_hz: int
    meter: Meter
    start_s: float  # within the recording

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz


def excerpt_of(part: Part, rate_hz: int, *, name: str, start_s: float = 0.0, end_s: float | None = None) -> Excerpt:
    """Return what a recording says from `start_s` to `end_s`, or to its end, resampled to `rate_hz`.

    Raises AudioError for more than LONGEST_S and for a part that the recording does not have, and what reading it
    raises.
    """
    if isinstance(part, Waveform):
        return _of_samples(part, rate_hz, name, start_s, end_s)
    path, channel = (part.path, part.number) if isinstance(part, Channel) else (part, None)
    with closing(Recording(path)) as recording:
        info = recording.info
        _check(name, start_s, end_s, info.duration_s)
        meter = Meter(info.rate_hz, info.channels if channel is None else 1)
        wave = recording.read(
            rate_hz=rate_hz,
            start_s=start_s,
            duration_s=None if end_s is None else end_s - start_s,
            channel=channel,
            listen=lambda samples: meter.add(samples if channel is None or samples.ndim == 1 else samples[:, channel]),
        )
    return Excerpt(name, wave.samples, rate_hz, meter, start_s)


def _of_samples(wave: Waveform, rate_hz: int, name: str, start_s: float, end_s: float | None) -> Excerpt:
    _check(name, start_s, end_s, wave.duration_s)
    first, end = round(start_s * wave.rate_hz), None if end_s is None else round(end_s * wave.rate_hz)
    taken = from_array(wave.samples[first:end], wave.rate_hz, rate_hz).samples
    meter = Meter(rate_hz, source_hz=wave.rate_hz)
    meter.add(taken)
    return Excerpt(name, taken, rate_hz, meter, start_s)


def _check(name: str, start_s: float, end_s: float | None, total_s: float) -> None:
    """Refuse a part that is not there, and one that is too long for a page."""
    last_s = total_s if end_s is None else end_s
    if total_s and not (start_s < last_s <= total_s + _SLACK_S):
        raise AudioError(
            f"{name}: the part from {start_s:g} to {last_s:g} s does not lie in the recording, which lasts "
            f"{total_s:.3f} s; correct --from and --to"
        )
    if last_s - start_s > LONGEST_S:
        raise AudioError(
            f"{name}: is {last_s - start_s:.0f} s long, and a page holds up to {LONGEST_S:.0f}; choose a part with "
            "--from and --to"
        )
