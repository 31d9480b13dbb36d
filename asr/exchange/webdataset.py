"""WebDataset: tar archives in which the files of a sample follow each other and share their name up to the first dot.

A sample here is audio (`key.flac`), a text (`key.txt`, or in the JSON), and what else is known (`key.json`). The
manifest of such archives names audio inside of them, and training reads it there.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from asr.errors import ManifestError
from asr.exchange.packing import SUFFIXES, file_name, packed
from asr.exchange.rows import OWN, TEXTS, Names, named, utterance_of
from asr.manifest.entry import json_object
from asr.manifest.shards import decoded, numbered, parts, shards
from asr.types import Utterance

NAMES: Names = {**OWN, "text": TEXTS}
TEXT, OTHERS = ".txt", ".json"
SIZE = 1000  # utterances in an archive: some hundred megabytes


class WebDataset:
    """Archives `name-000000.tar` and so on of `size` utterances; `columns` says which key of the JSON is which of ours.

    `name-*.tar` names them together.
    """

    def read(self, source: Path, *, columns: Mapping[str, str] | None = None) -> Iterator[Utterance]:
        names = named(NAMES, columns)
        for shard in shards(source):
            for key, sample in _samples(shard):
                yield _utterance(shard, key, sample, names)

    def write(self, out: Path, utterances: Iterable[Utterance], *, size: int = SIZE) -> list[Path]:
        written = []
        with numbered(out, digits=6) as begin:
            for part in parts(utterances, size):
                shard, temporary = begin()
                written.append(shard)
                _pack(temporary, part)
        return written

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ("where in its file it began",) if utterance.start_s else ()


def _samples(shard: Path) -> Iterator[tuple[str, dict[str, tuple[str, bytes]]]]:
    """Yield each sample's key, and by the rest of their names its files: (member, content, of audio nothing)."""
    try:
        with tarfile.open(shard, "r:") as archive:
            files = ((_key(info.name), info) for info in archive if info.isreg())
            for key, sample in groupby(files, lambda file: file[0][0]):
                yield key, {suffix: (info.name, _content(archive, info, suffix)) for (_, suffix), info in sample}
    except tarfile.TarError as error:
        raise ManifestError(
            f"{shard}: is no tar archive without compression, or is cut short ({error}); pack or copy it again"
        ) from error


def _key(member: str) -> tuple[str, str]:
    """Return a member's path up to the first dot of its last part, and from there on."""
    folder, slash, name = member.rpartition("/")
    stem, dot, suffix = name.partition(".")
    return f"{folder}{slash}{stem}", f"{dot}{suffix}".lower()


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo, suffix: str) -> bytes:
    file = archive.extractfile(info) if suffix in (TEXT, OTHERS) else None
    return b"" if file is None else file.read()


def _utterance(shard: Path, key: str, sample: Mapping[str, tuple[str, bytes]], names: Names) -> Utterance:
    where = f"{shard}: sample {key!r}"
    spoken = [member for suffix, (member, _) in sample.items() if suffix in SUFFIXES]
    if len(spoken) != 1:
        raise ManifestError(
            f"{where}: has {len(spoken)} audio files among {', '.join(sample)}; "
            f"a sample needs one of {', '.join(SUFFIXES)}"
        )
    row: dict[str, object] = {"id": "_".join(key.split())}
    if TEXT in sample:
        row["text"] = decoded(sample[TEXT][1], f"{where}{TEXT}", first=True).strip()
    if OTHERS in sample:
        row |= json_object(decoded(sample[OTHERS][1], f"{where}{OTHERS}", first=True), f"{where}{OTHERS}")
    return utterance_of(row | {"audio": spoken[0]}, {**names, "audio": ("audio",)}, shard, where)


def _pack(path: Path, utterances: Iterable[Utterance]) -> None:
    with tarfile.open(path, "w:") as archive:
        for utterance in utterances:
            content, suffix = packed(utterance)
            files = {suffix: content, TEXT: utterance.text.encode(), OTHERS: _others(utterance)}
            for end, content in files.items():
                info = tarfile.TarInfo(file_name(utterance.id) + end)  # no date, no owner: the same bytes each time
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


def _others(utterance: Utterance) -> bytes:
    own = {key: getattr(utterance, key) for key in ("id", "text", "duration_s", "speaker")}
    return json.dumps(own | dict(utterance.extra), ensure_ascii=False).encode()
