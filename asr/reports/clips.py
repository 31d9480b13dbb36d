"""The audio of utterances as parts of a page: short MP3 files written into their addresses."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from asr import audio
from asr.types import Utterance, Waveform

_RATE_HZ = 16000
_KIND, _TYPE = "MP3", "audio/mpeg"  # what every browser plays, at about 4 kB a second of speech


def clips(utterances: Iterable[Mapping[str, Any]], limit_mb: float) -> dict[str, str]:
    """Return the audio of utterances of a card by their ids, as data addresses, until `limit_mb` are reached.

    Utterances whose audio is not known or not there are left out. Raises AudioError for a file that is no audio.
    """
    found: dict[str, str] = {}
    left = limit_mb * 1e6
    for each in utterances:
        path = Path(str(each.get("audio", "")))
        if left <= 0:
            break
        if "audio" in each and path.is_file():
            found[each["id"]] = _address(each, path)
            left -= len(found[each["id"]])
    return found


def _address(each: Mapping[str, Any], path: Path) -> str:
    start_s = float(each.get("start_s", 0.0))
    duration_s = float(each.get("duration_s", audio.duration_s(path) - start_s))
    wave = audio.read_utterance(Utterance(each["id"], path, "", duration_s, start_s=start_s), _RATE_HZ)
    return data_address(wave, _KIND, _TYPE)


def data_address(wave: Waveform, kind: str, media_type: str) -> str:
    """Return a recording as a data address; kind: libsndfile's name of the format."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, wave.samples, wave.rate_hz, format=kind)
    return f"data:{media_type};base64,{base64.b64encode(file.getvalue()).decode()}"
