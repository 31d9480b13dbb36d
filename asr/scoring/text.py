"""Texts by id, from `id text` lines, manifests and hypotheses in JSONL."""

from __future__ import annotations

import json
from pathlib import Path

from asr.errors import DataError
from asr.files import existing_file


def read_texts(path: str | Path) -> dict[str, str]:
    """Return the text of every id in a file, in its order.

    A name that ends in .jsonl, or a first character `{`, means one JSON object a line with "id" and "text", whatever
    else it holds; otherwise a line is an id, white space, and the text, which may be missing. UTF-8, with or without a
    byte order mark; CRLF and empty lines are accepted.
    Raises MissingFile, and DataError naming the line that cannot be read or repeats an id.
    """
    path = existing_file(path, "file of texts")
    content = _decoded(path)
    parse = _json_line if path.suffix == ".jsonl" or content.lstrip().startswith("{") else _plain_line
    texts: dict[str, str] = {}
    lines: dict[str, int] = {}
    # Not splitlines(): a text may hold characters that it would break at.
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        id, text = parse(line, f"{path}:{number}")
        if id in texts:
            raise DataError(f"{path}:{number}: id {id!r} is already on line {lines[id]}; keep one of the two")
        texts[id], lines[id] = text, number
    if not texts:
        raise DataError(f"{path}: no line with an id; give a manifest, or lines of an id and a text")
    return texts


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; name a text file, or save it as UTF-8") from error


def _plain_line(line: str, where: str) -> tuple[str, str]:
    id, *text = line.split(maxsplit=1)
    return id, " ".join(text).strip()


def _json_line(line: str, where: str) -> tuple[str, str]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:  # also numbers too long, and brackets too deep
        raise DataError(f"{where}: broken JSON ({error}); mend or drop the line") from error
    if not isinstance(values, dict):
        raise DataError(f'{where}: not a JSON object; each line needs {{"id": ..., "text": ...}}')
    for key in ("id", "text"):
        if not isinstance(values.get(key), str):
            found = f"{key!r} is {values[key]!r}" if key in values else f"no {key!r}"
            raise DataError(f'{where}: {found}; each line needs an "id" and a "text" that are strings')
    return values["id"], values["text"]
