"""Texts by id, from the files that people have them in; the table by format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from asr.errors import ConfigError, DataError, did_you_mean
from asr.files import existing_file
from asr.scoring.formats.ctm import read_ctm
from asr.scoring.formats.jsonl import read_jsonl
from asr.scoring.formats.line import Line
from asr.scoring.formats.stm import cut, read_stm
from asr.scoring.formats.table import read_csv, read_tsv
from asr.scoring.formats.text import read_text
from asr.scoring.formats.trn import read_trn

__all__ = ["READERS", "Line", "read_lines", "read_pair", "read_texts"]

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Reader(Protocol):
    """Yields (number of the line in the file, id, what it says) from a file's content.

    Raises DataError, which names the line as `{path}:{number}`.
    """

    def __call__(self, content: str, path: Path, /) -> Iterator[tuple[int, str, Line]]: ...


READERS: dict[str, Reader] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "tsv": read_tsv,
    "trn": read_trn,
    "ctm": read_ctm,
    "stm": read_stm,
}


def read_lines(path: str | Path, kind: str | None = None) -> dict[str, Line]:
    """Return what every id of a file says, in its order.

    kind: a name of READERS; unless given it is the file's suffix, else `jsonl` where the first character is `{`, else
    `text`: an id, white space, and the text, which may be missing, as Kaldi has it. UTF-8, with or without a
    byte-order mark; CRLF and empty lines are accepted.
    Raises MissingFile, ConfigError for an unknown kind, and DataError naming the line that cannot be read or repeats
    an id.
    """
    path = existing_file(path, "file of texts")
    content = _decoded(path)
    lines: dict[str, Line] = {}
    numbers: dict[str, int] = {}
    for number, id, line in _reader(path, content, kind)(content, path):
        if id in lines:
            raise DataError(f"{path}:{number}: id {id!r} is already on line {numbers[id]}; keep one of the two")
        lines[id], numbers[id] = line, number
    if not lines:
        raise DataError(f"{path}: no line with an id; give a manifest, or lines of an id and a text")
    return lines


def read_texts(path: str | Path, kind: str | None = None) -> dict[str, str]:
    """Return the text of every id in a file, as `read_lines` does."""
    return {id: line.text for id, line in read_lines(path, kind).items()}


def read_pair(
    reference: str | Path, hypothesis: str | Path, kinds: tuple[str | None, str | None] = (None, None)
) -> tuple[dict[str, Line], dict[str, Line]]:
    """Read two files of which the second is scored against the first.

    The words of a CTM hypothesis are cut at the segments of an STM reference, and segments that an STM file says to
    ignore are left out of both. Raises what `read_lines` does.
    """
    left, right = (read_lines(path, kind) for path, kind in zip((reference, hypothesis), kinds, strict=True))
    if _of_segments(left) and not _of_segments(right) and all("recording" in line.fields for line in right.values()):
        right = cut(left, right.values())
    ignored = {id for id, line in left.items() if "ignored" in line.fields}
    kept = ({id: line for id, line in side.items() if id not in ignored} for side in (left, right))
    return next(kept), next(kept)


def _of_segments(lines: Mapping[str, Line]) -> bool:
    return all({"recording", "start_s"} <= line.fields.keys() for line in lines.values())


def _reader(path: Path, content: str, kind: str | None) -> Reader:
    if kind is not None and kind not in READERS:
        raise ConfigError(f"format {kind!r}: unknown{did_you_mean(kind, READERS)}")
    suffix = path.suffix.lower().removeprefix(".")
    return READERS[kind or (suffix if suffix in READERS else "jsonl" if content.lstrip().startswith("{") else "text")]


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(_UTF16):
        raise DataError(f"{path}: is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; name a text file, or save it as UTF-8") from error
    if "\0" in text:
        raise DataError(f"{path}:{text[: text.index(chr(0))].count(chr(10)) + 1}: holds a NUL; name a text file")
    return text
