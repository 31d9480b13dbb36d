"""Manifests: one utterance a line, as JSON.

    {"id": "fash-an251-b", "audio": "audio/an251.flac", "text": "YES", "duration_s": 1.1, "speaker": "fash"}

`id`, `audio`, `text` and `duration_s` are needed; `speaker` ("") and `start_s` (0) may be absent; any other key is kept
in `Utterance.extra`. A relative `audio` is relative to the manifest's own folder, so that a folder can be moved as a
whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from asr.errors import ManifestError
from asr.files import existing_file, replacing
from asr.types import Utterance

NEEDED = ("id", "audio", "text", "duration_s")
KNOWN = (*NEEDED, "speaker", "start_s")


def read(path: str | Path, *, check_audio: bool = True) -> list[Utterance]:
    """Return the utterances of a manifest in the order of its lines.

    Blank lines, a byte-order mark and CRLF line ends are accepted. A manifest without lines gives an empty list. Raises
    MissingFile without the manifest, and ManifestError, which names the file and the line, for broken JSON, a missing
    key, a wrong type, an impossible time, an id seen before and, unless `check_audio` is false, an audio file that is
    not there.
    """
    path = existing_file(path, "manifest")
    first_line: dict[str, int] = {}
    utterances = []
    for number, line in _lines(path):
        where = f"{path}:{number}"
        utterance = _utterance(_object(line, where), path.parent, where)
        if utterance.id in first_line:
            raise ManifestError(
                f"{where}: the id {utterance.id!r} is in line {first_line[utterance.id]} too; give every line its own"
            )
        first_line[utterance.id] = number
        utterances.append(utterance)
    if check_audio:
        _check_audio(path, utterances, first_line)
    return utterances


def each_line(path: str | Path) -> Iterator[tuple[int, Utterance | ManifestError]]:
    """Yield each line that is not blank by its number: the utterance, or what is wrong with it.

    Ids may repeat, and audio files are not looked for. Raises MissingFile without the manifest.
    """
    path = existing_file(path, "manifest")
    for number, raw in _raw_lines(path):
        try:
            line = _decoded(raw, number, path)
            if line:
                where = f"{path}:{number}"
                yield number, _utterance(_object(line, where), path.parent, where)
        except ManifestError as error:
            yield number, error


def write(path: str | Path, utterances: Iterable[Utterance]) -> None:
    """Write a manifest whole or not at all.

    An audio path is written relative to the manifest's folder where the file lies below it, and absolute elsewhere.
    Raises ManifestError for whatever `read` would refuse, and OutputError where the file cannot be written.
    """
    path = Path(path)
    folder = path.parent.resolve()
    seen: set[str] = set()
    lines = []
    for utterance in utterances:
        where = f"{path}: utterance {utterance.id!r}"
        line = _line(utterance, folder, where)
        if utterance.id in seen:
            raise ManifestError(f"{where} comes twice; give every utterance its own id")
        seen.add(utterance.id)
        lines.append(line + b"\n")
    with replacing(path) as temporary:
        temporary.write_bytes(b"".join(lines))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, raw in _raw_lines(path):
        line = _decoded(raw, number, path)
        if line:
            yield number, line


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    # Split at line feeds alone: str.splitlines would also split at U+2028 and U+0085, which a JSON text may hold.
    return enumerate(path.read_bytes().split(b"\n"), start=1)


def _decoded(raw: bytes, number: int, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}:{number}: is not UTF-8 ({error.reason}); save the manifest as UTF-8") from error


def _object(line: str, where: str) -> dict[str, object]:
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


def _utterance(value: dict[str, object], folder: Path, where: str) -> Utterance:
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


def _line(utterance: Utterance, folder: Path, where: str) -> bytes:
    clash = sorted(set(KNOWN) & set(utterance.extra))
    if clash:
        raise ManifestError(f"{where}: its extra keys repeat {', '.join(map(repr, clash))}; rename them")
    audio = utterance.audio.resolve()
    value: dict[str, object] = {
        "id": utterance.id,
        "audio": (audio.relative_to(folder) if audio.is_relative_to(folder) else audio).as_posix(),
        "text": utterance.text,
        "duration_s": utterance.duration_s,
        "speaker": utterance.speaker,
    }
    if utterance.start_s:
        value["start_s"] = utterance.start_s
    _utterance(value, folder, where)
    try:
        return json.dumps(value | dict(utterance.extra), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ManifestError(f"{where}: cannot be written as JSON in UTF-8 ({error}); mend that value") from error


def _identifier(value: object, where: str) -> str:
    # The scorer reads lines of `id text`, so an id has no white space.
    if not isinstance(value, str) or not value or len(value.split()) != 1 or value != value.strip():
        raise ManifestError(f"{where}: id is {value!r} where one word without white space is needed; rename it")
    return value


def _text(value: dict[str, object], key: str, where: str, *, empty: bool = True) -> str:
    text = value.get(key, "")
    if not isinstance(text, str) or (not empty and not text):
        raise ManifestError(
            f"{where}: {key} is {text!r} where a {'string' if empty else 'file name'} is needed; quote it"
        )
    return text


def _seconds(value: dict[str, object], key: str, where: str) -> float:
    seconds = value.get(key, 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ManifestError(
            f"{where}: {key} is {seconds!r} where a number of seconds is needed; write it without quotes"
        )
    if not 0 <= seconds <= sys.float_info.max:  # NaN and infinity, which Python's JSON reads, fail here too
        raise ManifestError(f"{where}: {key} is {seconds} where seconds from 0 on are needed; mend the line")
    return float(seconds)


def _check_audio(path: Path, utterances: list[Utterance], line_of: dict[str, int]) -> None:
    there = {audio: audio.is_file() for audio in dict.fromkeys(utterance.audio for utterance in utterances)}
    missing = [utterance for utterance in utterances if not there[utterance.audio]]
    if missing:
        first = missing[0]
        more = f" (and those of {len(missing) - 1} more lines)" if len(missing) > 1 else ""
        raise ManifestError(
            f"{path}:{line_of[first.id]}: {first.audio}: the audio file of {first.id!r} is not there{more}; "
            "relative paths start at the manifest's folder"
        )
