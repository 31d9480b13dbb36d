"""Hugging Face's audio folders: audio files beside a metadata.csv or metadata.jsonl whose `file_name` names them.

Splits are folders: name the one that holds the metadata. Written folders have the audio in them, cut out where an
utterance is a part of a file, and a metadata.jsonl with `transcription`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from asr.errors import ManifestError, MissingFile
from asr.exchange.packing import file_name, packed
from asr.exchange.paths import extra
from asr.exchange.rows import OWN, TEXTS, Names, named, utterance_of
from asr.exchange.table import CSV, rows
from asr.files import new_folder
from asr.manifest.entry import json_object
from asr.manifest.shards import lines
from asr.types import Utterance

NAMES: Names = {**OWN, "audio": ("file_name", "audio_file_name"), "text": ("transcription", *TEXTS)}
METADATA = ("metadata.jsonl", "metadata.csv")


class AudioFolder:
    """An audio folder; `columns` says which key of the metadata is which of ours."""

    def read(self, source: Path, *, columns: Mapping[str, str] | None = None) -> Iterator[Utterance]:
        names = named(NAMES, columns)
        for where, row in _rows(source):
            yield utterance_of(row, names, source, where)

    def write(self, out: Path, utterances: Iterable[Utterance]) -> list[Path]:
        with new_folder(out) as folder, open(folder / METADATA[0], "w", encoding="utf-8") as metadata:
            (folder / "audio").mkdir()
            for utterance in utterances:
                content, suffix = packed(utterance)
                name = f"audio/{file_name(utterance.id)}{suffix}"
                (folder / name).write_bytes(content)
                metadata.write(json.dumps(_row(utterance, name), ensure_ascii=False) + "\n")
        return [out / METADATA[0]]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ("where in its file it began",) if utterance.start_s else ()


def _rows(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    found = [folder / name for name in METADATA if (folder / name).is_file()]
    if not found:
        below = sorted({str(path.parent) for name in METADATA for path in folder.glob(f"*/{name}")})
        raise MissingFile(
            f"{folder}: has no {' or '.join(METADATA)}; name " + (" or ".join(below) or "a folder that has one")
        )
    if len(found) > 1:
        raise ManifestError(f"{folder}: has both {' and '.join(METADATA)}; remove one")
    if found[0].suffix == ".csv":
        return rows(found[0], CSV)
    return ((where, json_object(line, where)) for where, line in lines(found[0]))


def _row(utterance: Utterance, name: str) -> dict[str, object]:
    return {
        "file_name": name,
        "transcription": utterance.text,
        "id": utterance.id,
        "duration_s": utterance.duration_s,
        "speaker": utterance.speaker,
    } | dict(extra(utterance, ("file_name", "audio_file_name", "transcription")))
