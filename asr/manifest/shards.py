"""The files that the name of a manifest stands for, their lines, and several files written as one set."""

from __future__ import annotations

import contextlib
import glob
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

from asr.errors import ManifestError, MissingFile, OutputError
from asr.files import existing_file, replacing
from asr.types import Utterance

GZIP = ".gz"
_BLOCK = 1 << 16  # bytes of lines that are read together
_MAGIC = b"\x1f\x8b"
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


def shards(path: str | Path, what: str = "manifest") -> list[Path]:
    """Return the files that a name stands for: the one of that name, else all that match it as a pattern, sorted.

    Raises MissingFile where there is none.
    """
    path = Path(path)
    if path.exists() or not glob.has_magic(str(path)):
        return [existing_file(path, what)]
    found = sorted(found for name in glob.glob(str(path), recursive=True) if (found := Path(name)).is_file())
    if not found:
        raise MissingFile(f"{path}: no file matches this pattern; check it")
    return found


@contextlib.contextmanager
def opened(shard: Path) -> Iterator[BinaryIO]:
    """Open a shard for reading, uncompressed; ManifestError where compressed data are damaged."""
    with open(shard, "rb") as file:
        if not file.peek(len(_MAGIC)).startswith(_MAGIC):
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as content:
                yield cast(BinaryIO, content)
        except _DAMAGED as error:
            raise ManifestError(f"{shard}: the gzip data are damaged or cut off ({error}); copy it again") from error


def plain(shard: Path) -> bool:
    """Say whether a shard can be read from any place: a regular file, not compressed."""
    if not shard.is_file():
        return False
    with open(shard, "rb") as file:
        return file.read(len(_MAGIC)) != _MAGIC


def lines(shard: Path) -> Iterator[tuple[str, str]]:
    """Yield (`file:number`, text) of the lines that are not blank; ManifestError names a line that is not UTF-8."""
    for number, raw in enumerate(raw_lines(shard), start=1):
        where = f"{shard}:{number}"
        if text := decoded(raw, where, first=number == 1).strip():
            yield where, text


def raw_lines(shard: Path) -> Iterator[bytes]:
    """Yield the lines of a shard with their line feeds; ManifestError where compressed data are damaged."""
    # Bytes part at line feeds alone, text also at U+2028 and U+0085, which a JSON text may hold.
    with opened(shard) as file:
        yield from file


def raw_blocks(shard: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a shard as `raw_lines` does, hundreds at a time, which takes less."""
    with opened(shard) as file:
        while block := file.readlines(_BLOCK):
            yield block


def decoded(raw: bytes, where: str, *, first: bool) -> str:
    """Return the text of a line; a byte-order mark may begin the first."""
    try:
        return raw.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{where}: is not UTF-8 ({error.reason}); save the file as UTF-8") from error


@contextlib.contextmanager
def numbered(path: Path, *, digits: int = 5) -> Iterator[Callable[[], tuple[Path, Path]]]:
    """Yield a function that begins the next shard of a set, and let all appear together if the block succeeds.

    The function returns the path, `train-00000.jsonl` and so on for `train.jsonl`, and where to write until then.
    Raises OutputError where a file would count as a shard and is none of these.
    """
    suffix = "".join(path.suffixes[-2:] if path.suffix == GZIP else path.suffixes[-1:])
    stem = path.name.removesuffix(suffix)
    written: list[Path] = []
    with contextlib.ExitStack() as stack:

        def begin() -> tuple[Path, Path]:
            written.append(path.with_name(f"{stem}-{len(written):0{digits}}{suffix}"))
            return written[-1], stack.enter_context(replacing(written[-1]))

        yield begin
        for other in sorted(path.parent.glob(f"{glob.escape(stem)}-*{suffix}")):
            if other not in written:
                raise OutputError(f"{other}: would count as a shard of {path.name}; remove it or choose another name")


def parts(utterances: Iterable[Utterance], size: int) -> Iterator[Iterable[Utterance]]:
    """Yield the utterances in parts of `size`, each to be taken before the next; at least one part."""
    rest = iter(utterances)
    yield islice(rest, size)
    for first in rest:
        yield chain([first], islice(rest, size - 1))


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a manifest's bytes, of several shards one after the other; raises MissingFile."""
    digest = hashlib.sha256()
    for shard in shards(path):
        with open(shard, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
