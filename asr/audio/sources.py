"""The file behind a path, decoded by libsndfile or, where that does not know it, by FFmpeg."""

from __future__ import annotations

import io
import os
import re
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import soundfile

from asr import mp3, tars
from asr.containers import AudioInfo, Container, is_text, kind_of, nist_frames, ogg_ends, why_not
from asr.errors import AudioError, MissingFile
from asr.files import existing_file
from asr.types import FloatArray

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


class Source(Protocol):
    """An open audio file: of libsndfile or of FFmpeg."""

    @property
    def info(self) -> AudioInfo: ...

    @property
    def seekable(self) -> bool: ...

    def read(self, first: int, frames: int | None) -> FloatArray: ...  # [T] or [T, C]

    def close(self) -> None: ...


def open_source(path: str | Path) -> Source:
    """Open a file or a member of a tar archive; raises what `asr.audio.read` raises."""
    if str(path)[-4:].lower() == ".mp3":
        _refuse_text(path)
    try:
        source = _SoundFile(path)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: headerless, by the name
        return _open_otherwise(Path(path) if tars.is_file(path) else existing_file(path, "audio file"), error)
    if source.info.frames > _UNSTATED_FRAMES:
        _refuse_pipe(path)
        source.close()
        return _container(path, "FLAC that does not state its length")
    return source


def _openable(path: str | Path) -> Any:
    found = tars.readable(path)
    # As bytes, since soundfile refuses a name that is no UTF-8, as those of old disks may be; on Windows all are.
    return os.fsencode(found) if isinstance(found, str | Path) and os.name == "posix" else found


class _SoundFile:
    """An audio file that libsndfile decodes; `info.frames` is what can be read.

    Raises AudioError for a file that states more than it holds, soundfile.LibsndfileError for one that is not known.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._file: Any = soundfile.SoundFile(_openable(path))
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
        self._at = 0  # the frame that is read next
        self.seekable = bool(file.seekable())
        if file.format == "OGG":
            self._look_at_end_of_ogg()

    def close(self) -> None:
        self._file.close()

    def read(self, first: int, frames: int | None) -> FloatArray:
        left = max(0, self.info.frames - first)
        wanted = left if frames is None else min(frames, left)
        lead = min(first, self._lead_frames)
        try:
            if self._at != first - lead:
                self._file.seek(first - lead)
            samples: FloatArray = self._file.read(lead + wanted, dtype="float32")[lead:]
            self._at = first + len(samples)
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
        stream = mp3.with_true_index(tars.mapped(self._path))
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

    def _look_at_end_of_ogg(self) -> None:
        with tars.opened(self._path) as file:
            if not ogg_ends(file):
                raise self._cut_short(self.info.frames, "a stream whose last page is missing")

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


def _reason(error: Exception) -> str:
    """Return libsndfile's own words, without its full stop and its announcement of an error."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")


def _open_otherwise(path: Path, error: Exception) -> Source:
    _refuse_pipe(path)
    head = _head(path)
    if not head:
        raise AudioError(f"{path}: is empty (0 bytes); re-copy it or drop it from the list") from error
    if kind := kind_of(head):
        return _container(path, kind)
    raise AudioError(f"{path}: {why_not(path, head, _reason(error))}") from error


def _container(path: str | Path, kind: str) -> Container:
    return Container(path, kind, partial(tars.readable, path))


def _refuse_pipe(path: str | Path) -> None:
    if not tars.is_file(path):
        raise AudioError(f"{path}: is no regular file, and its format needs one; write it to a file first")


def _head(path: str | Path) -> bytes:
    try:
        with tars.opened(path) as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        if isinstance(error, MissingFile):
            raise
        raise AudioError(f"{path}: cannot be opened ({error.strerror}); check its permissions") from error


def _refuse_text(path: str | Path) -> None:
    """Refuse text with the name of an MP3 before libsndfile searches all of it, complaining on standard error."""
    if tars.is_file(path) and is_text(head := _head(path)):
        raise AudioError(f"{path}: {why_not(path, head)}")
