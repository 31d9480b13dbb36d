"""M4A, AAC, WebM, video and what else libsndfile does not know: decoded by FFmpeg through PyAV (extra `video`)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from asr.errors import AudioError, require
from asr.types import FloatArray

# What files of sound are called, and those that hold sound beside pictures.
AUDIO_SUFFIXES = (
    *(".aac", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".m4b", ".mp3", ".oga", ".ogg", ".opus"),
    *(".sph", ".wav", ".wma", ".wv"),
)
VIDEO_SUFFIXES = (".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv")

# Known by their first bytes, never by trying: FFmpeg finds "audio" in noise, and a broken WAV must not ask for PyAV.
_MAGIC = {
    "MP4 or QuickTime": rb".{4}(ftyp|moov|mdat|wide|free|skip)",
    "Matroska or WebM": rb"\x1aE\xdf\xa3",
    "AAC": rb"\xff[\xf0\xf1\xf8\xf9]|ADIF",
    "Windows Media": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "AVI": rb"RIFF.{4}AVI ",
    "Flash video": rb"FLV\x01",
    "MPEG transport stream": rb"G.{187}G",
    "MPEG program stream": rb"\x00\x00\x01\xba",
    "AMR": rb"#!AMR",
    "Apple CAF": rb"caff",
    "WavPack": rb"wvpk",
    "Monkey's Audio": rb"MAC ",
    "AC-3": rb"\x0bw",
    "Ogg FLAC or Speex": rb"OggS.{23,60}(\x7fFLAC|Speex)",
}
_PATTERNS = {kind: re.compile(magic, re.DOTALL) for kind, magic in _MAGIC.items()}
_LIBSNDFILE = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"ID3")  # starts of what it does know
_NIST_COUNT = re.compile(rb"^sample_count -i (\d+)", re.MULTILINE)
_NIST_CODING = re.compile(rb"^sample_coding -s\d+ (\S+)", re.MULTILINE)
_GUESSED = {"aac", "ac3", "amr", "eac3"}  # streams without a clock, whose length FFmpeg guesses from the first bit rate
_OGG_PAGE_BYTES = 65307  # the longest there can be
_PREROLL_S = 0.5  # decoders settle in less: AAC takes 0.13 s at 16 kHz, Opus 0.08 s
_MISSING_S = 0.5  # a stream may end this much before its stated length (paddings, clocks); more has been cut off


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file says; where FFmpeg reads it, `frames` may be off by a frame of the codec."""

    rate_hz: int
    channels: int
    frames: int  # samples a channel
    format: str
    subtype: str

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


def kind_of(head: bytes) -> str | None:
    """Name what FFmpeg can read, by the first bytes of the file; None for anything else."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.match(head)), None)


def is_text(head: bytes) -> bool:
    """Say whether a file begins as text: 0xFF, which begins every frame of an MP3, is in no UTF-8 character."""
    return bool(head) and not {0x00, 0xFF} & set(head)


def nist_frames(head: bytes) -> int | None:
    """Return the number of samples that the header of a sphere file states."""
    count = _NIST_COUNT.search(head)
    return int(count[1]) if count else None


def ogg_ends(file: BinaryIO) -> bool:
    """Say whether an Ogg file ends with a whole page that calls itself the last (RFC 3533)."""
    file.seek(-min(_OGG_PAGE_BYTES, file.seek(0, 2)), 2)
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    head, segments = page[:27], page[27 : 27 + page[26]] if len(page) > 27 else b""
    return len(head) == 27 and bool(head[5] & 4) and len(page) >= 27 + head[26] + sum(segments)


def why_not(path: str | Path, head: bytes, reason: str = "") -> str:
    """Say why a file is not read, and the way out, by its first bytes and libsndfile's reason."""
    if head.startswith(b"NIST_1A"):
        coding = _NIST_CODING.search(head)
        name = coding[1].decode("ascii", "replace") if coding else "pcm"
        tool = "sph2pipe -f wav IN OUT.wav" if "shorten" in name else "sox IN -b 16 OUT.wav"
        return f"is NIST sphere that libsndfile does not read (coding {name}: {reason}); convert it with: {tool}"
    if Path(path).suffix.lower() == ".raw":
        return "has no header to say its rate; give it one with: sox -r RATE -c 1 -b 16 -e signed IN OUT.wav"
    if head.startswith(_LIBSNDFILE):
        return f"is damaged or of an unknown coding ({reason}); re-copy it, or try: ffmpeg -i IN OUT.wav"
    what = "text" if is_text(head) else "no audio format known here"
    return f"is {what} (it begins with {head[:16]!r}); name an audio file such as WAV, FLAC, MP3 or M4A"


class Container:
    """The first audio track of a file that FFmpeg decodes; time 0 is where that track begins.

    `readable` returns what FFmpeg opens: a path, or an open file with the content of one that lies in an archive.
    Raises MissingPackage without PyAV, AudioError where there is no audio or it cannot be decoded.
    """

    seekable = True

    def __init__(self, path: str | Path, kind: str, readable: Callable[[], str | Path | BinaryIO]) -> None:
        self._av: Any = require("av", extra="video", purpose=f"{path}: reading {kind}")
        self._path, self._readable = path, readable
        self._running: Iterator[tuple[int, FloatArray]] | None = None  # what is decoded next
        self._held: deque[tuple[int, FloatArray]] = deque()  # what was decoded last
        try:
            self._file = self._open()
            self._track = self._file.streams.audio[0]
            rate_hz, channels, codec = self._track.rate, self._track.channels, self._track.codec_context.name
            self.info = AudioInfo(rate_hz, channels, round(self._duration_s() * rate_hz), self._file.format.name, codec)
        except self._av.error.FFmpegError as error:
            raise AudioError(
                f"{path}: is {kind} that cannot be opened ({error.strerror}); it is damaged or cut short, re-copy it"
            ) from error

    def close(self) -> None:
        self._file.close()

    def read(self, first: int, frames: int | None) -> FloatArray:
        """Return samples [T, C] from `first` on; the seek is as exact as the container's clock (1 ms in Matroska).

        Spans that follow one another are decoded without a seek. Raises AudioError where the file ends more than half a
        second before its stated length.
        """
        reached, last = first, None if frames is None else first + frames
        kept = [np.empty((self.info.channels, 0), np.float32)]
        try:
            for position, block in self._from(first):
                if last is not None and position >= last:
                    break
                kept.append(block[:, max(0, first - position) : None if last is None else last - position])
                reached += kept[-1].shape[1]
        except self._av.error.FFmpegError as error:
            raise AudioError(self._cut_short(reached, error.strerror)) from error
        if reached + _MISSING_S * self.info.rate_hz < min(last or self.info.frames, self.info.frames):
            raise AudioError(self._cut_short(reached, "no more data"))
        return np.concatenate(kept, axis=1).T  # [T, C]

    def _cut_short(self, reached: int, why: str) -> str:
        return (
            f"{self._path}: decoding stops at {reached / self.info.rate_hz:.2f} s of {self.info.duration_s:.2f} s "
            f"({why}); the file is cut short or damaged, re-copy it"
        )

    def _from(self, first: int) -> Iterator[tuple[int, FloatArray]]:
        """Yield (index of its first sample, block [C, T]), from what was decoded last if it holds `first`."""
        if self._running is None:
            self._running = self._blocks(first)
        elif not self._held or not self._held[0][0] <= first <= _end(self._held[-1]):
            self._file.close()
            self._file = self._open()
            self._track = self._file.streams.audio[0]
            self._held.clear()
            self._running = self._blocks(first)
        yield from tuple(self._held)
        for position, block in self._running:
            self._held.append((position, block))
            while _end(self._held[0]) + _PREROLL_S * self.info.rate_hz < position:
                self._held.popleft()
            yield position, block

    def _blocks(self, first: int) -> Iterator[tuple[int, FloatArray]]:
        """Yield (index of its first sample, block [C, T]) from `first` or somewhat before."""
        position, frames = self._frames(first)
        resampler = self._av.AudioResampler("fltp", self._track.layout, self.info.rate_hz)
        for frame in chain(frames, [None]):  # None: what the resampler still holds, where the rate changes within
            for part in resampler.resample(frame):
                block = part.to_ndarray()
                yield position, block
                position += block.shape[1]

    def _frames(self, first: int) -> tuple[int, Iterator[Any]]:
        """Return the decoded frames from before `first` on, and the index of their first sample."""
        frames = self._file.decode(self._track)
        head = next(frames, None)
        if head is None or head.pts is None or first <= _PREROLL_S * self.info.rate_hz:
            return 0, chain([] if head is None else [head], frames)
        self._seek(head.pts, first / self.info.rate_hz - _PREROLL_S)
        frames = self._file.decode(self._track)
        landed = next(frames, None)
        if landed is not None and landed.pts is not None:
            position = round((landed.pts - head.pts) * self._track.time_base * self.info.rate_hz)
            if position <= first:
                return position, chain([landed], frames)
        self._seek(head.pts, 0.0)  # no clock to seek by: decode from the start
        return 0, self._file.decode(self._track)

    def _seek(self, origin: int, time_s: float) -> None:
        self._file.seek(origin + int(time_s / self._track.time_base), stream=self._track)

    def _duration_s(self) -> float:
        """Return the length that the track states, else where its last packet ends; nothing is decoded."""
        if self._track.duration is not None and self._file.format.name not in _GUESSED:
            return float(self._track.duration * self._track.time_base)
        stated = re.fullmatch(r"(\d+):(\d+):([\d.]+)", self._track.metadata.get("DURATION", ""))  # Matroska
        if stated:
            hours, minutes, seconds = map(float, stated.groups())
            return hours * 3600 + minutes * 60 + seconds
        with self._open() as file:
            packets = [packet for packet in file.demux(file.streams.audio[0]) if packet.pts is not None]
            ticks = packets[-1].pts + (packets[-1].duration or 0) - packets[0].pts if packets else 0
            return float(ticks * self._track.time_base)

    def _open(self) -> Any:
        source = self._readable()
        # "file:" because FFmpeg takes what stands before a colon in a name for a protocol.
        handle = f"file:{source}" if isinstance(source, str | Path) else source
        file = self._av.open(handle, metadata_errors="ignore")
        if not file.streams.audio:
            raise AudioError(f"{self._path}: has no audio track; name a file with sound")
        codec = file.streams.audio[0].codec_context
        if codec is None or not codec.rate or not codec.channels:
            raise AudioError(
                f"{self._path}: has an audio track of a coding that FFmpeg does not know; convert it first"
            )
        return file


def _end(placed: tuple[int, FloatArray]) -> int:
    """Return the index behind the last sample of a block [C, T], given with that of its first."""
    first, block = placed
    return first + len(block[0])
