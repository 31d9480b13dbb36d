"""What the formats share whose rows have named values: which value is what of an utterance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from asr import audio
from asr.errors import ManifestError
from asr.manifest import KNOWN
from asr.types import Utterance

Names = Mapping[str, tuple[str, ...]]  # our key -> the names by which others call it; the first that is there counts
OWN: Names = {key: (key,) for key in KNOWN}
TEXTS = ("text", "transcription", "transcript", "sentence")


def named(names: Names, columns: Mapping[str, str] | None) -> Names:
    """Return names in which those that the user gave, our key to theirs, replace the others; raises ManifestError."""
    if unknown := sorted(set(columns or {}) - set(KNOWN)):
        raise ManifestError(f"columns: {unknown[0]!r} is no key of a manifest; its keys are {', '.join(KNOWN)}")
    return {**names, **{key: (name,) for key, name in (columns or {}).items()}}


def utterance_of(row: Mapping[str, object], names: Names, folder: Path, where: str) -> Utterance:
    """Return the utterance of a row, whose audio path starts at `folder`; ManifestError begins with `where`.

    A row needs audio and text. Without an id it is called as its file, a part of a file with its times; without a
    duration it lasts to the file's end. Whatever else the row has is extra.
    """
    given = {key: row[name] for key in names for name in reversed(names[key]) if _says(row, name, key)}
    for key in ("audio", "text"):
        if key not in given:
            raise ManifestError(
                f"{where}: has no {' or '.join(map(repr, names[key]))}, only {', '.join(map(repr, row))}; "
                f"say which it is with --columns {key}=NAME"
            )
    path = folder / text_of(given["audio"], "audio", where)
    start_s = seconds_of(given.get("start_s", 0.0), "start_s", where)
    duration_s = (
        seconds_of(given["duration_s"], "duration_s", where)
        if "duration_s" in given
        else audio.duration_s(path) - start_s
    )
    times = f"-{start_s * 1000:07.0f}-{(start_s + duration_s) * 1000:07.0f}" if "start_s" in given else ""
    used = {name for key in names for name in names[key] if key in given or row.get(name) in (None, "")}
    return Utterance(
        id=text_of(given.get("id", "_".join(path.stem.split()) + times), "id", where),
        audio=path,
        text=text_of(given["text"], "text", where),
        duration_s=duration_s,
        speaker=text_of(given.get("speaker", ""), "speaker", where),
        start_s=start_s,
        extra={key: value for key, value in row.items() if key not in used},
    )


def _says(row: Mapping[str, object], name: str, key: str) -> bool:
    # A table has an empty cell where there is nothing to say; an empty text is said.
    return row.get(name) is not None and (key == "text" or row[name] != "")


def text_of(value: object, key: str, where: str) -> str:
    """Return a string as it is and a whole number, as ids and speakers often are, as one; ManifestError otherwise."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ManifestError(f"{where}: {key} is {value!r} where a string is needed; quote it")
    return str(value)


def seconds_of(value: object, key: str, where: str) -> float:
    """Return seconds, which may be written as a string; ManifestError for anything else."""
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ManifestError(f"{where}: {key} is {value!r} where seconds from 0 on are needed; mend the line")
    return seconds
