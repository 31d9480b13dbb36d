"""Audio files that libsndfile decodes, and what it does not say of them: whether they are whole."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import soundfile

from asr import mp3
from asr.containers import AudioInfo, nist_frames, ogg_ends
from asr.errors import AudioError
from asr.types import FloatArray

_HEAD_BYTES = 1024
_MPEG_END_FRAMES = 2304  # decoders leave out or add a frame or two at the ends of an MP3
# A frame of MPEG audio takes bits from up to 23 before it; after a seek libsndfile mutes what it has not got.
_MPEG_LEAD_FRAMES = 32 * 1152
# libsndfile reads what is there of a file cut short, and says so in its log alone.
_LOGGING = {"WAV", "WAVEX", "AIFF", "AU"}
_STATED_BYTES = re.compile(r"^ *(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAMED_BYTES = 0x7FFF0000  # what programs state as the size of a WAV in a pipe, not knowing it, lies above
_PADDING_BYTES = 64


class SoundFile:
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
        self._at = 0  # the frame that is read next
        self.seekable = bool(file.seekable())
        if file.format == "OGG" and not ogg_ends(path):
            raise self._cut_short(frames, "a stream whose last page is missing")

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
            raise self._stopped(max(first, self._file.tell()), reason(error)) from error
        except MemoryError as error:
            length = f"{self.info.duration_s:.0f} s of audio, which do not fit in memory"
            raise AudioError(
                f"{self._path}: states {length}; read it by spans, or re-copy it if it is shorter"
            ) from error
        if len(samples) + self._end_frames < wanted:
            raise self._stopped(first + len(samples), "no more data")
        return samples

    def _look_into_mp3(self) -> None:
        refuse_pipe(self._path)
        stream = mp3.with_true_index(self._path)
        if stream is not None:
            self._file.close()
            self._file = soundfile.SoundFile(io.BytesIO(stream))

    def _frames_in_nist(self) -> int:
        """Return the number in the header: libsndfile counts bytes, those behind the last sample included."""
        there: int = self._file.frames
        stated = nist_frames(first_bytes(self._path)) or there
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


def reason(error: Exception) -> str:
    """Return libsndfile's own words, without its full stop and its announcement of an error."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")


def refuse_pipe(path: str | Path) -> None:
    """Raise AudioError for what can be read only once, from its beginning."""
    if not Path(path).is_file():
        raise AudioError(f"{path}: is no regular file, and its format needs one; write it to a file first")


def first_bytes(path: str | Path) -> bytes:
    """Return what a file begins with, by which its kind is known; raises AudioError where it cannot be opened."""
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise AudioError(f"{path}: cannot be opened ({error.strerror}); check its permissions") from error
