"""Manifests: one utterance a line, as JSON.

    {"id": "fash-an251-b", "audio": "audio/an251.flac", "text": "YES", "duration_s": 1.1, "speaker": "fash"}

`id`, `audio`, `text` and `duration_s` are needed; `speaker` ("") and `start_s` (0) may be absent; any other key is kept
in `Utterance.extra`. A relative `audio` is relative to the manifest's own folder, so that a folder can be moved as a
whole.

A name with `*`, `?` or `[` stands for several files, the shards of one manifest, in the order of their names; a name
that ends in .gz is compressed.
"""

from __future__ import annotations

from asr.manifest.entry import KNOWN, NEEDED
from asr.manifest.index import Index, Scan, indexed
from asr.manifest.reading import each_line, read, stream
from asr.manifest.shards import sha256
from asr.manifest.writing import write, write_shards

__all__ = [
    "KNOWN",
    "NEEDED",
    "Index",
    "Scan",
    "each_line",
    "indexed",
    "read",
    "sha256",
    "stream",
    "write",
    "write_shards",
]
