"""The sentences of texts and manifests, for training and measuring language models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from asr.errors import DataError
from asr.files import existing_file
from asr.lm.arpa import DAMAGED, opened


def sentences(path: str | Path) -> Iterator[str]:
    """Yield the sentences of `numbered` without their lines' numbers."""
    return (text for _, text in numbered(path))


def numbered(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield (number of the line, sentence) of a plain text (gzip or not) or of the texts of a manifest (.jsonl).

    Raises MissingFile, and DataError for a file without sentences, or naming the line that is not UTF-8, is no JSON
    object, or has no "text".
    """
    path = existing_file(path, "text")
    is_manifest = path.name.removesuffix(".gz").endswith(".jsonl")
    number = 0
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path}:{number}"
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError(f"{where}: not UTF-8 text; save the file as UTF-8") from error
        if not is_manifest:
            yield number, text
        elif text.strip():
            yield number, _manifest_text(text, where)
    if not number:
        raise DataError(f"{path}: is empty; name a text with one sentence a line")


def _lines(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        try:
            yield from file
        except DAMAGED as error:
            raise DataError(f"{path}: the gzip data are cut off or damaged ({error}); copy it again") from error


def _manifest_text(line: str, where: str) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:  # also numbers too long, and brackets too deep
        raise DataError(f"{where}: broken JSON ({error}); a manifest holds one JSON object a line") from error
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise DataError(f'{where}: has no "text" that is a string; each line of a manifest needs one')
    return text
