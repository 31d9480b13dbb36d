"""Manifests written line by line."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from asr.errors import ManifestError
from asr.files import replacing
from asr.manifest.checks import Ids
from asr.manifest.entry import json_object, line_of
from asr.manifest.shards import GZIP, lines, numbered, parts
from asr.types import Utterance


def write(path: str | Path, utterances: Iterable[Utterance]) -> None:
    """Write a manifest whole or not at all, each utterance as it comes; compressed where the name ends in .gz.

    An audio path is written relative to the manifest's folder where the file lies below it, and absolute elsewhere.
    Raises ManifestError for whatever `read` would refuse, and OutputError where the file cannot be written.
    """
    path, ids = Path(path), Ids()
    with replacing(path) as temporary:
        _put(path, temporary, utterances, ids)
        _refuse_repeated(path, [temporary], ids)


def write_shards(path: str | Path, utterances: Iterable[Utterance], *, size: int) -> list[Path]:
    """Write a manifest as files of `size` lines, `train-00000.jsonl` and so on for `train.jsonl`, all or none of them.

    Returns their paths; `train-*.jsonl` names them together, so that no other file may match it. Raises what `write`
    raises.
    """
    path, ids, written = Path(path), Ids(), {}
    with numbered(path) as begin:
        for part in parts(utterances, size):
            shard, temporary = begin()
            _put(shard, temporary, part, ids)
            written[shard] = temporary
        _refuse_repeated(path, written.values(), ids)
    return list(written)


def _put(path: Path, temporary: Path, utterances: Iterable[Utterance], ids: Ids) -> None:
    folder = path.parent.resolve()
    with opened_to_write(path, temporary) as file:
        for utterance in utterances:
            file.write(line_of(utterance, folder, f"{path}: utterance {utterance.id!r}") + b"\n")
            ids.add([utterance.id])


@contextlib.contextmanager
def opened_to_write(path: Path, temporary: Path) -> Iterator[BinaryIO]:
    """Open the temporary file for `path`; what is written is compressed where that ends in .gz."""
    with open(temporary, "wb") as file:
        if path.suffix == GZIP:
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as compressed:  # no date: the same bytes
                yield cast(BinaryIO, compressed)
        else:
            yield file


def _refuse_repeated(path: Path, temporaries: Iterable[Path], ids: Ids) -> None:
    repeated, seen = ids.repeated(), set()
    for where, line in chain.from_iterable(map(lines, temporaries)) if repeated else ():
        name = json_object(line, where)["id"]
        if name in seen:
            raise ManifestError(f"{path}: utterance {name!r} comes twice; give every utterance its own id")
        if hash(name) in repeated:
            seen.add(name)
