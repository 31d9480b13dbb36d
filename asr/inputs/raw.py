"""Samples without a header, in a form that the user states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import soundfile

from asr.errors import AudioError, ConfigError, did_you_mean
from asr.files import existing_file
from asr.types import FloatArray

# By FFmpeg's names: libsndfile's, its byte order, and the bytes of a sample.
CODINGS = {
    "s8": ("PCM_S8", "FILE", 1),
    "u8": ("PCM_U8", "FILE", 1),
    "s16le": ("PCM_16", "LITTLE", 2),
    "s16be": ("PCM_16", "BIG", 2),
    "s24le": ("PCM_24", "LITTLE", 3),
    "s24be": ("PCM_24", "BIG", 3),
    "s32le": ("PCM_32", "LITTLE", 4),
    "s32be": ("PCM_32", "BIG", 4),
    "f32le": ("FLOAT", "LITTLE", 4),
    "f32be": ("FLOAT", "BIG", 4),
    "f64le": ("DOUBLE", "LITTLE", 8),
    "f64be": ("DOUBLE", "BIG", 8),
    "mulaw": ("ULAW", "FILE", 1),
    "alaw": ("ALAW", "FILE", 1),
}
MOST_CHANNELS = 64


class Raw(NamedTuple):
    """The form of samples without a header."""

    rate_hz: int
    coding: str = "s16le"
    channels: int = 1


def parse_raw(text: str) -> Raw:
    """Return the form that `RATE[,CODING[,CHANNELS]]` states, such as `8000,mulaw` or `16000,s16le,2`.

    Raises ConfigError for anything else.
    """
    stated = re.fullmatch(r"(\d+)(?:,(\w+)(?:,(\d+))?)?", text, flags=re.ASCII)
    if stated is None:
        raise ConfigError(
            f"raw audio: {text!r} is no RATE[,CODING[,CHANNELS]]; give such as 8000,mulaw or 16000,s16le,2"
        )
    rate, coding, channels = stated.groups()
    usual = Raw(int(rate))
    raw = Raw(usual.rate_hz, coding or usual.coding, int(channels or usual.channels))
    if raw.coding not in CODINGS:
        raise ConfigError(f"raw audio: unknown coding {raw.coding!r}{did_you_mean(raw.coding, CODINGS)}")
    if not raw.rate_hz or not 0 < raw.channels <= MOST_CHANNELS:
        raise ConfigError(f"raw audio: {text!r} has no such rate or channels; give more than 0 Hz and 1 to 64 channels")
    return raw


def read_raw(path: str | Path, raw: Raw) -> FloatArray:
    """Return samples [T, C]; raises MissingFile, and AudioError for a file without samples or with part of one."""
    subtype, endian, width = CODINGS[raw.coding]
    size = existing_file(path, "audio file").stat().st_size
    if not size or size % (width * raw.channels):
        raise AudioError(
            f"{path}: has {size} bytes, which are no {raw.coding} samples of {raw.channels} channels; check its form"
        )
    form = {"format": "RAW", "subtype": subtype, "endian": endian}
    try:
        samples, _ = soundfile.read(
            path, dtype="float32", always_2d=True, samplerate=raw.rate_hz, channels=raw.channels, **form
        )
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: cannot be read as {raw.coding} ({error.error_string}); check its form") from error
    result: FloatArray = samples
    return result
