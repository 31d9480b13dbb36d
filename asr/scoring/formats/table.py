"""Tables with a line of names: comma or tab separated."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from asr.errors import DataError
from asr.scoring.formats.line import Line

_NEEDED = ("id", "text")


def read_csv(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read a table whose first line names the columns, "id" and "text" among them; all others are kept."""
    yield from _rows(content, path, ",")


def read_tsv(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read a table whose columns are parted by tabs, as `read_csv` does."""
    yield from _rows(content, path, "\t")


def _rows(content: str, path: Path, delimiter: str) -> Iterator[tuple[int, str, Line]]:
    import csv  # here, because most files of texts are no tables

    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in _NEEDED if name not in names]:
            raise DataError(
                f"{path}:1: has no column {missing[0]!r} (found: {', '.join(names) or 'nothing'}); "
                "its first line must name the columns id and text"
            )
        reader.fieldnames = names
        for row in reader:
            yield reader.line_num, *_line(row, f"{path}:{reader.line_num}", len(names))
    except csv.Error as error:
        raise DataError(f"{path}:{reader.reader.line_num}: is no row of a table ({error}); mend the line") from error


def _line(row: dict[str | None, str | None], where: str, columns: int) -> tuple[str, Line]:
    if None in row or None in row.values():
        raise DataError(f"{where}: does not have the {columns} columns of the first line; quote what holds a separator")
    values = {str(key): str(value) for key, value in row.items()}
    if not (id := values.pop("id").strip()):
        raise DataError(f"{where}: has no id; give every row its own")
    text, speaker = values.pop("text"), values.pop("speaker", "")
    return id, Line(text, speaker, fields={key: _number(value) for key, value in values.items()})


def _number(value: str) -> object:
    """Return a number where the text is one, so that a breakdown can sort it."""
    try:
        return float(value)
    except ValueError:
        return value
