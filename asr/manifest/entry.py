"""One line of a manifest: from JSON to an utterance and back."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from asr.errors import ManifestError
from asr.types import Utterance

NEEDED = ("id", "audio", "text", "duration_s")
KNOWN = (*NEEDED, "speaker", "start_s")


def parsed(line: str, folder: Path, where: str) -> Utterance:
    """Return the utterance of a line, whose audio path starts at `folder`; ManifestError begins with `where`."""
    return described(json_object(line, where), folder, where)


def json_object(line: str, where: str) -> dict[str, object]:
    """Return the object of a line of JSON; ManifestError begins with `where`."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ManifestError(f"{where}: broken JSON ({reason}); a manifest holds one JSON object a line") from error
    if not isinstance(value, dict):
        raise ManifestError(
            f'{where}: is JSON but no object; a line looks like {{"id": ..., "audio": ..., "text": ..., ...}}'
        )
    return value


def described(value: Mapping[str, object], folder: Path, where: str) -> Utterance:
    """Return the utterance that the keys of a line describe; ManifestError begins with `where`."""
    missing = [key for key in NEEDED if key not in value]
    if missing:
        raise ManifestError(f"{where}: has no {', '.join(map(repr, missing))}; a line needs {', '.join(NEEDED)}")
    return Utterance(
        id=_identifier(value["id"], where),
        audio=folder / _text(value, "audio", where, empty=False),
        text=_text(value, "text", where),
        duration_s=_seconds(value, "duration_s", where),
        speaker=_text(value, "speaker", where),
        start_s=_seconds(value, "start_s", where),
        extra={key: content for key, content in value.items() if key not in KNOWN},
    )


def line_of(utterance: Utterance, folder: Path, where: str) -> bytes:
    """Return the line of an utterance in a manifest that lies in `folder`, which is resolved.

    An audio path below the folder becomes relative. Raises ManifestError, which begins with `where`, for whatever
    `parsed` would refuse.
    """
    clash = sorted(set(KNOWN) & set(utterance.extra))
    if clash:
        raise ManifestError(f"{where}: its extra keys repeat {', '.join(map(repr, clash))}; rename them")
    audio = _resolved(utterance.audio)
    value: dict[str, object] = {
        "id": utterance.id,
        "audio": (audio.relative_to(folder) if audio.is_relative_to(folder) else audio).as_posix(),
        "text": utterance.text,
        "duration_s": utterance.duration_s,
        "speaker": utterance.speaker,
    }
    if utterance.start_s:
        value["start_s"] = utterance.start_s
    described(value, folder, where)
    try:
        return json.dumps(value | dict(utterance.extra), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ManifestError(f"{where}: cannot be written as JSON in UTF-8 ({error}); mend that value") from error


def _resolved(audio: Path) -> Path:
    # Many files share a folder, which is resolved once.
    audio = audio.absolute()
    return audio.resolve() if audio.is_symlink() else _folder(audio.parent) / audio.name


@functools.lru_cache(maxsize=1024)
def _folder(path: Path) -> Path:
    return path.resolve()


def _identifier(value: object, where: str) -> str:
    # The scorer reads lines of `id text`, so an id has no white space.
    if not isinstance(value, str) or not value or len(value.split()) != 1 or value != value.strip():
        raise ManifestError(f"{where}: id is {value!r} where one word without white space is needed; rename it")
    return value


def _text(value: Mapping[str, object], key: str, where: str, *, empty: bool = True) -> str:
    text = value.get(key, "")
    if not isinstance(text, str) or (not empty and not text):
        raise ManifestError(
            f"{where}: {key} is {text!r} where a {'string' if empty else 'file name'} is needed; quote it"
        )
    return text


def _seconds(value: Mapping[str, object], key: str, where: str) -> float:
    seconds = value.get(key, 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ManifestError(
            f"{where}: {key} is {seconds!r} where a number of seconds is needed; write it without quotes"
        )
    if not 0 <= seconds <= sys.float_info.max:  # NaN and infinity, which Python's JSON reads, fail here too
        raise ManifestError(f"{where}: {key} is {seconds} where seconds from 0 on are needed; mend the line")
    return float(seconds)
