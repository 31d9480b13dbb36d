"""Manifests of NVIDIA NeMo: JSON lines with audio_filepath, duration, text and, for a part of a file, offset.

NeMo has no ids; those written here, and speakers, are keys of their own, which it leaves alone. A relative path starts
at the manifest's folder, as in NeMo.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from asr.exchange.paths import below, extra, on_disk
from asr.exchange.rows import OWN, Names, named, utterance_of
from asr.files import replacing
from asr.manifest.entry import json_object
from asr.manifest.shards import lines, shards
from asr.types import Utterance

NAMES: Names = {**OWN, "audio": ("audio_filepath",), "duration_s": ("duration",), "start_s": ("offset",)}


class Nemo:
    """NeMo's manifests; `columns` says which key is which of ours, `root` where relative paths start."""

    def read(
        self, source: Path, *, columns: Mapping[str, str] | None = None, root: Path | None = None
    ) -> Iterator[Utterance]:
        names = named(NAMES, columns)
        for shard in shards(source):
            for where, line in lines(shard):
                yield utterance_of(json_object(line, where), names, root or shard.parent, where)

    def write(self, out: Path, utterances: Iterable[Utterance]) -> list[Path]:
        with replacing(out) as temporary, open(temporary, "w", encoding="utf-8") as file:
            for utterance in utterances:
                file.write(json.dumps(_row(utterance, out), ensure_ascii=False) + "\n")
        return [out]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ()


def _row(utterance: Utterance, out: Path) -> Mapping[str, object]:
    row: dict[str, object] = {
        "audio_filepath": below(on_disk(utterance, "NeMo"), out.parent),
        "duration": utterance.duration_s,
        "text": utterance.text,
        "id": utterance.id,
    }
    row |= {"speaker": utterance.speaker} if utterance.speaker else {}
    row |= {"offset": utterance.start_s} if utterance.start_s else {}
    return row | dict(extra(utterance, ("audio_filepath", "duration", "offset")))
