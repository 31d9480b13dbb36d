"""Manifests of this package, whole or as shards (docs/FORMATS.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from asr import manifest
from asr.types import Utterance


class Jsonl:
    """JSON lines; `size` writes shards of so many lines."""

    def read(self, source: Path) -> Iterator[Utterance]:
        return manifest.stream(source)

    def write(self, out: Path, utterances: Iterable[Utterance], *, size: int | None = None) -> list[Path]:
        if size is not None:
            return manifest.write_shards(out, utterances, size=size)
        manifest.write(out, utterances)
        return [out]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ()
