"""Audio in: a file of any usual format, a span of it, or an array, as mono float32 samples at the rate asked for."""

from __future__ import annotations

import contextlib
import io
import re
import wave
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from asr import mp3
from asr import samples as arrays
from asr.containers import AudioInfo, Container, is_text, kind_of, nist_frames, ogg_ends, why_not
from asr.errors import AudioError
from asr.files import existing_file, replacing
from asr.types import FloatArray, Utterance, Waveform

__all__ = ["AudioInfo", "duration_s", "from_array", "probe", "raw_to_wav", "read", "read_raw", "read_utterance"]

_SLACK_S = 0.05  # a span may end this much behind the file: times in manifests are rounded
_CHANNELS = 64  # more than any recorder has; an array [C, T] given for [T, C] shows here
_HEAD_BYTES = 1024
_MPEG_END_FRAMES = 2304  # decoders leave out or add a frame or two at the ends of an MP3
# A frame of MPEG audio takes bits from up to 23 before it; after a seek libsndfile mutes what it has not got.
_MPEG_LEAD_FRAMES = 32 * 1152
_UNSTATED_FRAMES = 1 << 62  # libsndfile says more than this for a FLAC that was written into a pipe
# libsndfile reads what is there of a file cut short, and says so in its log alone.
_LOGGING = {"WAV", "WAVEX", "AIFF", "AU"}
_STATED_BYTES = re.compile(r"^ *(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAMED_BYTES = 0x7FFF0000  # what programs state as the size of a WAV in a pipe, not knowing it, lies above
_PADDING_BYTES = 64


class _Source(Protocol):
    """An open audio file: of libsndfile or of FFmpeg."""

    @property
    def info(self) -> AudioInfo: ...

    def read(self, first: int, frames: int | None) -> FloatArray: ...  # [T] or [T, C]

    def close(self) -> None: ...


def duration_s(path: str | Path) -> float:
    """Return the length of an audio file in seconds, without decoding it.

    Raises MissingFile, AudioError and MissingPackage as `read` does.
    """
    return probe(path).duration_s


def probe(path: str | Path) -> AudioInfo:
    """Return what the header of an audio file says.

    Raises MissingFile, AudioError and MissingPackage as `read` does.
    """
    with contextlib.closing(_open(path)) as source:
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
    with contextlib.closing(_open(path)) as source:
        info = source.info
        target_hz = info.rate_hz if rate_hz is None else _checked_rate(rate_hz, path)
        _check_span(info, start_s, duration_s, path)
        part = arrays.part(info.rate_hz, target_hz, start_s, duration_s)
        samples = source.read(part.first, part.frames)
    if not info.subtype.startswith("PCM_"):  # whole numbers cannot be wrong
        arrays.check(samples, path, first=part.first)
    samples = arrays.resample(arrays.mono(samples, channel, path), info.rate_hz, target_hz)[part.skip :][: part.keep]
    if not len(samples):
        raise AudioError(f"{path}: the span of {duration_s} s from {start_s} s holds no sample; make it longer")
    return Waveform(samples, target_hz)


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


# ---- the file behind a path


class _SoundFile:
    """An audio file that libsndfile decodes; `info.frames` is what can be read.

    Raises AudioError for a file that states more than it holds, soundfile.LibsndfileError for one that is not known.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._file: Any = soundfile.SoundFile(path)
        if self._file.format == "MP3":
            self._look_into_mp3()
        file = self._file
        mpeg = file.subtype.startswith("MPEG")
        self._end_frames = _MPEG_END_FRAMES if mpeg else 0
        self._lead_frames = (_MPEG_LEAD_FRAMES if mpeg else 0) if file.seekable() else file.frames
        frames = self._frames_in_nist() if file.format == "NIST" else file.frames
        self.info = AudioInfo(file.samplerate, file.channels, frames, file.format, file.subtype)
        if file.format in _LOGGING and frames:
            self._look_into_log(file.extra_info)
        if file.format == "OGG" and not ogg_ends(path):
            raise self._cut_short(frames, "a stream whose last page is missing")

    def close(self) -> None:
        self._file.close()

    def read(self, first: int, frames: int | None) -> FloatArray:
        left = max(0, self.info.frames - first)
        wanted = left if frames is None else min(frames, left)
        lead = min(first, self._lead_frames)
        try:
            if first > lead:
                self._file.seek(first - lead)
            samples: FloatArray = self._file.read(lead + wanted, dtype="float32")[lead:]
        except soundfile.LibsndfileError as error:
            raise self._stopped(max(first, self._file.tell()), _reason(error)) from error
        except MemoryError as error:
            length = f"{self.info.duration_s:.0f} s of audio, which do not fit in memory"
            raise AudioError(
                f"{self._path}: states {length}; read it by spans, or re-copy it if it is shorter"
            ) from error
        if len(samples) + self._end_frames < wanted:
            raise self._stopped(first + len(samples), "no more data")
        return samples

    def _look_into_mp3(self) -> None:
        _refuse_pipe(self._path)
        stream = mp3.with_true_index(self._path)
        if stream is not None:
            self._file.close()
            self._file = soundfile.SoundFile(io.BytesIO(stream))

    def _frames_in_nist(self) -> int:
        """Return the number in the header: libsndfile counts bytes, those behind the last sample included."""
        there: int = self._file.frames
        stated = nist_frames(_head(self._path)) or there
        if 0 < there < stated:
            raise self._cut_short(there, f"{stated / self._file.samplerate:.2f} s")
        return min(there, stated)

    def _look_into_log(self, log: str) -> None:
        sizes = _STATED_BYTES.search(log)
        stated, there = map(int, sizes.groups()) if sizes else (0, 1)
        if there + _PADDING_BYTES < stated < _STREAMED_BYTES:
            raise self._cut_short(self.info.frames, f"{self.info.duration_s * stated / max(there, 1):.2f} s")

    def _cut_short(self, frames: int, whole: str) -> AudioError:
        return AudioError(
            f"{self._path}: is cut short, {frames / self._file.samplerate:.2f} s are there of {whole}; re-copy it, "
            f"or keep what is there with: ffmpeg -i IN OUT"
        )

    def _stopped(self, reached: int, why: str) -> AudioError:
        return AudioError(
            f"{self._path}: decoding stops at {reached / self.info.rate_hz:.2f} s of {self.info.duration_s:.2f} s "
            f"({why}); the file is cut short or damaged, re-copy it"
        )


def _open(path: str | Path) -> _Source:
    if str(path)[-4:].lower() == ".mp3":
        _refuse_text(path)
    try:
        source = _SoundFile(path)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: headerless, by the name
        return _open_otherwise(existing_file(path, "audio file"), error)
    if source.info.frames > _UNSTATED_FRAMES:
        _refuse_pipe(path)
        source.close()
        return Container(path, "FLAC that does not state its length")
    return source


def _reason(error: Exception) -> str:
    """Return libsndfile's own words, without its full stop and its announcement of an error."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")


def _open_otherwise(path: Path, error: Exception) -> _Source:
    _refuse_pipe(path)
    head = _head(path)
    if not head:
        raise AudioError(f"{path}: is empty (0 bytes); re-copy it or drop it from the list") from error
    if kind := kind_of(head):
        return Container(path, kind)
    raise AudioError(f"{path}: {why_not(path, head, _reason(error))}") from error


def _refuse_pipe(path: str | Path) -> None:
    if not Path(path).is_file():
        raise AudioError(f"{path}: is no regular file, and its format needs one; write it to a file first")


def _head(path: str | Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise AudioError(f"{path}: cannot be opened ({error.strerror}); check its permissions") from error


def _refuse_text(path: str | Path) -> None:
    """Refuse text with the name of an MP3 before libsndfile searches all of it, complaining on standard error."""
    if Path(path).is_file() and is_text(head := _head(path)):
        raise AudioError(f"{path}: {why_not(path, head)}")
