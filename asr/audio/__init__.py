"""Audio in: a file of any usual format, a span of it, or an array, as mono float32 samples at the rate asked for."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr import samples as arrays
from asr.audio.sources import open_source
from asr.containers import AudioInfo
from asr.errors import AudioError
from asr.files import existing_file, replacing
from asr.types import FloatArray, Utterance, Waveform

__all__ = [
    "AudioInfo",
    "Recording",
    "duration_s",
    "from_array",
    "probe",
    "raw_to_wav",
    "read",
    "read_raw",
    "read_utterance",
]

PIECE_S = 60.0  # of a long recording; 23 MB of stereo at 48 kHz

_SLACK_S = 0.05  # a span may end this much behind the file: times in manifests are rounded
_CHANNELS = 64  # more than any recorder has; an array [C, T] given for [T, C] shows here

Listener = Callable[[FloatArray], None]


class Recording:
    """An audio file that is held open, to be read in spans; raises what `read` raises.

    `info` is what its header says; what is not `seekable` (a pipe) can be read only once, from the beginning.
    """

    def __init__(self, path: str | Path) -> None:
        self._path, self._source = path, open_source(path)
        self.info, self.seekable = self._source.info, self._source.seekable

    def close(self) -> None:
        self._source.close()

    def read(
        self,
        *,
        rate_hz: int | None = None,
        start_s: float = 0.0,
        duration_s: float | None = None,
        channel: int | None = None,
        listen: Listener | None = None,
    ) -> Waveform:
        """Read a span as `read` does.

        listen: is given the samples, [T] or [T, C] at the file's own rate, before they are mixed.
        """
        info, path = self.info, self._path
        target_hz = info.rate_hz if rate_hz is None else _checked_rate(rate_hz, path)
        _check_span(info, start_s, duration_s, path)
        part = arrays.part(info.rate_hz, target_hz, start_s, duration_s)
        samples = self._source.read(part.first, part.frames)
        if not info.subtype.startswith("PCM_"):  # whole numbers cannot be wrong
            arrays.check(samples, path, first=part.first)
        mono = arrays.mono(samples, channel, path)
        if listen:
            listen(samples)
        mono = arrays.resample(mono, info.rate_hz, target_hz)[part.skip :][: part.keep]
        if not len(mono):
            raise AudioError(f"{path}: the span of {duration_s} s from {start_s} s holds no sample; make it longer")
        return Waveform(mono, target_hz)

    def pieces(
        self, *, rate_hz: int | None = None, channel: int | None = None, listen: Listener | None = None
    ) -> Iterator[FloatArray]:
        """Yield all samples in order, PIECE_S at a time and up to half as much again at the end.

        What can be read only once is one piece.
        """
        count = max(1, round(self.info.duration_s / PIECE_S)) if self.seekable else 1
        for number in range(count):
            start_s, span_s = number * PIECE_S, None if number == count - 1 else PIECE_S
            yield self.read(rate_hz=rate_hz, start_s=start_s, duration_s=span_s, channel=channel, listen=listen).samples


def duration_s(path: str | Path) -> float:
    """Return the length of an audio file in seconds, without decoding it.

    Raises MissingFile, AudioError and MissingPackage as `read` does.
    """
    return probe(path).duration_s


def probe(path: str | Path) -> AudioInfo:
    """Return what the header of an audio file says.

    Raises MissingFile, AudioError and MissingPackage as `read` does.
    """
    with contextlib.closing(open_source(path)) as source:
        return source.info


def read(
    path: str | Path,
    *,
    rate_hz: int | None = None,
    start_s: float = 0.0,
    duration_s: float | None = None,
    channel: int | None = None,
) -> Waveform:
    """Read an audio file, or a span of it, as mono samples in [-1, 1].

    Several channels become their mean, unless one is named (the first is 0). Where `rate_hz` is not the file's, soxr
    resamples (HQ); a span is the same as that part of the whole file resampled, and the rest is not decoded.

    Raises MissingFile for a path that is no file; AudioError for a file that is not audio, is cut short, has no samples
    or samples that are not numbers, and for a span or channel that it does not have; MissingPackage where the format
    needs the extra `video`.
    """
    with contextlib.closing(Recording(path)) as recording:
        return recording.read(rate_hz=rate_hz, start_s=start_s, duration_s=duration_s, channel=channel)


def read_utterance(utterance: Utterance, rate_hz: int) -> Waveform:
    """Read the span that a manifest entry names, at the rate asked for; raises what `read` raises.

    A span that ends within rounding of the file's end goes to the end.
    """
    left_s = duration_s(utterance.audio) - utterance.start_s
    span_s = None if abs(left_s - utterance.duration_s) <= _SLACK_S else utterance.duration_s
    return read(utterance.audio, rate_hz=rate_hz, start_s=utterance.start_s, duration_s=span_s)


def from_array(samples: npt.ArrayLike, source_rate_hz: int, rate_hz: int) -> Waveform:
    """Make a waveform of samples [T] or [T, C]: floats in [-1, 1], int16 or int32; channels become their mean.

    No samples at all are allowed. Raises AudioError for other types and shapes, for samples that are not numbers and
    for floats that were never scaled to [-1, 1].
    """
    where = "samples"
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= _CHANNELS):
        raise AudioError(f"{where}: have shape {array.shape}; pass [T], or [T, C] with time first")
    scaled = arrays.scaled(array, where)
    arrays.check(scaled, where)
    source_hz, target_hz = _checked_rate(source_rate_hz, where), _checked_rate(rate_hz, where)
    return Waveform(arrays.resample(arrays.mono(scaled, None, where), source_hz, target_hz), target_hz)


def read_raw(
    path: str | Path, *, source_rate_hz: int, rate_hz: int | None = None, big_endian: bool = False
) -> Waveform:
    """Read a headerless file of 16-bit mono samples, whose rate and byte order the caller knows.

    Raises MissingFile, and AudioError for a file that is empty or holds half a sample.
    """
    samples = _raw_samples(path, big_endian)
    return from_array(samples, source_rate_hz, source_rate_hz if rate_hz is None else rate_hz)


def raw_to_wav(source: str | Path, target: str | Path, *, source_rate_hz: int, big_endian: bool = False) -> None:
    """Give a headerless file of 16-bit mono samples a WAV header; no sample changes.

    Raises MissingFile and AudioError as `read_raw` does, OutputError where `target` cannot be written.
    """
    samples = _raw_samples(source, big_endian)
    with replacing(target) as part, wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_checked_rate(source_rate_hz, source))
        file.writeframes(samples.astype("<i2").tobytes())


def _raw_samples(path: str | Path, big_endian: bool) -> npt.NDArray[np.int16]:
    data = existing_file(path, "audio file").read_bytes()
    if not data or len(data) % 2:
        raise AudioError(f"{path}: has {len(data)} bytes, which are no 16-bit samples; re-copy it")
    return np.frombuffer(data, ">i2" if big_endian else "<i2").astype(np.int16)


def _checked_rate(rate_hz: int, where: str | Path) -> int:
    if not rate_hz > 0:
        raise AudioError(f"{where}: {rate_hz} Hz is no sample rate; pass one such as 8000 or 16000")
    return rate_hz


def _check_span(info: AudioInfo, start_s: float, duration_s: float | None, path: str | Path) -> None:
    if not info.frames:
        raise AudioError(f"{path}: no samples (the file ends after its header); re-copy it or drop it from the list")
    end_s = info.duration_s if duration_s is None else start_s + duration_s
    if not (0 <= start_s < info.duration_s and start_s < end_s <= info.duration_s + _SLACK_S):
        raise AudioError(
            f"{path}: the span from {start_s:g} to {end_s:g} s does not lie in the file, which lasts "
            f"{info.duration_s:.3f} s; correct its times"
        )
