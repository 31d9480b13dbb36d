"""The audio of an utterance as a file of its own, for formats that carry their audio along."""

from __future__ import annotations

import io
import re

import soundfile

from asr import audio, tars
from asr.types import Utterance

# What other tools know as audio by the end of the name.
SUFFIXES = (".flac", ".wav", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aiff", ".au", ".sph", ".webm", ".wma")
_SLACK_S = 0.05  # durations in manifests are rounded: as `asr.audio.read_utterance` has it


def packed(utterance: Utterance) -> tuple[bytes, str]:
    """Return the content and the suffix of a file with this utterance's audio; raises what `asr.audio.read` raises.

    A file that the utterance fills stays as it is. Of others the part is cut out, as FLAC at the same rate, of one
    channel.
    """
    info, suffix = audio.probe(utterance.audio), utterance.audio.suffix.lower()
    if suffix in SUFFIXES and not utterance.start_s and abs(info.duration_s - utterance.duration_s) <= _SLACK_S:
        with tars.opened(utterance.audio) as file:
            return file.read(), suffix
    waveform = audio.read_utterance(utterance, info.rate_hz)
    content = io.BytesIO()
    subtype = "PCM_16" if info.subtype in ("PCM_16", "PCM_U8", "PCM_S8", "ULAW", "ALAW") else "PCM_24"
    soundfile.write(content, waveform.samples, waveform.rate_hz, format="FLAC", subtype=subtype)
    return content.getvalue(), ".flac"


def file_name(name: str) -> str:
    """Return an id as a file name that has no folder and no dot, with %XX for such characters."""
    return re.sub(r'[%./\\:*?"<>|\x00-\x1f]', lambda match: f"%{ord(match[0]):02X}", name)
