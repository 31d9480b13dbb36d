"""How long an MP3 is, where libsndfile would leave samples out without a word.

libsndfile takes the length from the index (Xing or Info) in the first frame. Without one it divides the size of the
file by the bit rate of the first frame and stops reading there: of a file of variable bit rate most can be lost (9
tenths in a trial). In two files joined into one it stops after the first. Such streams are given a true index here.
"""

from __future__ import annotations

import mmap
from functools import lru_cache, reduce
from typing import NamedTuple

# ISO 11172-3 and 13818-3, layer III: bit rates of MPEG 1 and of the others, rates by the version bits (0 is MPEG 2.5).
_KBPS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}
_MPEG_1, _LAYER_III, _MONO = 3, 1, 3
_LIKENESS = b"\xff\xfe\x0c"  # sync, version, layer and rate: the same in all frames of a stream
_TAGS_END = 1 / 50  # tags and padding may follow the audio that an index speaks of; more than this is looked into

_Bytes = bytes | mmap.mmap


class _Frame(NamedTuple):
    size: int  # bytes
    index_at: int  # where the letters of an index stand, from the first byte of the frame
    likeness: bytes


class _Index(NamedTuple):
    frames: int
    size: int  # bytes


def with_true_index(data: _Bytes) -> bytes | None:
    """Return the audio of an MP3 behind an index, where its own is missing or speaks of less than is there.

    None where libsndfile reads the file itself right. Decodes nothing.
    """
    start = _first(data)
    frame = _frame(data, start)
    if frame is None:  # layer I or II, or free format: libsndfile's account is the best there is
        return None
    index = _index(data, start, frame)
    if index and start + index.size >= len(data) * (1 - _TAGS_END):
        return None
    audio = start + frame.size if index else start
    frames = _count(data, audio, frame.likeness)
    if frames <= (index.frames if index else 0):
        return None
    return _silent_frame(data[start : start + 4], frames) + data[audio:]


def _first(data: _Bytes) -> int:
    """Return where the first frame begins: behind the ID3v2 tags, and behind what no frame follows."""
    start = 0
    while data[start : start + 3] == b"ID3":  # the size is written in 4 x 7 bits and leaves out its own 10 bytes
        start += 10 + reduce(lambda size, byte: size << 7 | byte, data[start + 6 : start + 10], 0)
    return _resync(data, start, None)


def _resync(data: _Bytes, at: int, likeness: bytes | None) -> int:
    """Return the next place where two like frames follow each other (or one ends the data), else the end."""
    while 0 <= (at := data.find(b"\xff", at)) < len(data):
        frame = _frame(data, at)
        if frame and likeness in (None, frame.likeness):
            after = _frame(data, at + frame.size)
            if at + frame.size == len(data) or (after and after.likeness == frame.likeness):
                return at
        at += 1
    return len(data)


def _frame(data: _Bytes, at: int) -> _Frame | None:
    return _parsed(data[at : at + 4])


@lru_cache(maxsize=1024)  # a stream has few different headers
def _parsed(head: bytes) -> _Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer, bit_rate, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _RATES_HZ or layer != _LAYER_III or bit_rate in (0, 15) or rate == 3:
        return None
    first, mono, padding = version == _MPEG_1, head[3] >> 6 == _MONO, head[2] >> 1 & 1
    samples, kbps = (1152, _KBPS_1) if first else (576, _KBPS_2)
    size = samples * kbps[bit_rate - 1] * 125 // _RATES_HZ[version][rate] + padding
    side = {(True, False): 32, (False, True): 9}.get((first, mono), 17)  # bytes of side information
    return _Frame(size, 4 + side, bytes(byte & mask for byte, mask in zip(head, _LIKENESS, strict=False)))


def _index(data: _Bytes, start: int, frame: _Frame) -> _Index | None:
    """Read the index that LAME and FFmpeg write: letters, flags, number of frames, bytes from this frame on."""
    letters, *numbers = (data[start + frame.index_at + 4 * i :][:4] for i in range(4))
    flags, frames, size = (int.from_bytes(number, "big") for number in numbers)
    if letters not in (b"Xing", b"Info") or flags & 3 != 3:
        return None
    return _Index(frames, size)


def _count(data: _Bytes, at: int, likeness: bytes) -> int:
    """Count the whole frames from `at` on, joined streams and tags between them included."""
    frames = 0
    while at < len(data):
        frame = _frame(data, at)
        if frame is None or frame.likeness != likeness:
            at = _resync(data, at + 1, likeness)
        else:
            at += frame.size
            frames += at <= len(data)
    return frames


def _silent_frame(like: bytes, frames: int) -> bytes:
    """Return a frame with the header of another that holds nothing but an index."""
    sync, kind, rate, mode = like
    head = bytes((sync, kind, rate & 0x0F | 0xE0, mode))  # of the highest bit rate: the index must fit in
    frame = _parsed(head)
    assert frame is not None
    index = b"Xing" + (1).to_bytes(4, "big") + frames.to_bytes(4, "big")
    return (head.ljust(frame.index_at, b"\0") + index).ljust(frame.size, b"\0")
