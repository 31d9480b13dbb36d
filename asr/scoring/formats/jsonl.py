"""Manifests, and what `asr transcribe --format json` prints: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from asr.errors import DataError
from asr.scoring.formats.line import Line, numbered
from asr.types import Word

_OF_WORD = {"text": str, "start_s": int | float, "end_s": int | float, "confidence": int | float}


def read_jsonl(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read JSON objects with "id" (else "file") and "text"; "speaker", "words" and all other keys are kept.

    A relative "audio" starts at the file's own folder, as in a manifest.
    """
    for number, line in numbered(content):
        values = _object(line, f"{path}:{number}")
        if "id" not in values and "file" in values:
            values["id"] = values["file"]
        id, text = (_text(values, key, f"{path}:{number}") for key in ("id", "text"))
        speaker = values.get("speaker")
        rest = {key: value for key, value in values.items() if key not in ("id", "text", "speaker")}
        if isinstance(audio := rest.get("audio"), str):
            rest["audio"] = str(path.parent / audio)
        yield number, id, Line(text, speaker if isinstance(speaker, str) else "", _words(values.get("words")), rest)


def _object(line: str, where: str) -> dict[str, object]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:  # also numbers too long, and brackets too deep
        raise DataError(f"{where}: broken JSON ({error}); mend or drop the line") from error
    if not isinstance(values, dict):
        raise DataError(f'{where}: not a JSON object; each line needs {{"id": ..., "text": ...}}')
    return values


def _text(values: dict[str, object], key: str, where: str) -> str:
    value = values.get(key)
    if not isinstance(value, str):
        found = f"{key!r} is {value!r}" if key in values else f"no {key!r}"
        raise DataError(f'{where}: {found}; each line needs an "id" and a "text" that are strings')
    return value


def _words(value: object) -> tuple[Word, ...]:
    """Return the words of a hypothesis with their times, or none where the key holds something else."""
    if not isinstance(value, list) or not all(map(_is_word, value)):
        return ()
    return tuple(Word(**{key: word[key] for key in _OF_WORD}) for word in value)


def _is_word(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), kind) for key, kind in _OF_WORD.items())
