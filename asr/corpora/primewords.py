"""Primewords Chinese Corpus Set 1.

Story: published by Shanghai Primewords in 2018 (https://www.openslr.org/47). 296 native speakers read sentences into
their mobile phones; the transcripts are said to be more than 98 % right. 16 kHz, 16 bit, mono.

Licence: CC BY-NC-ND 4.0.

Size: 50,384 utterances, 99 h.

Splits: none is published. Of the speakers in the order of the SHA-256 of `1:<speaker>` the first twentieth (rounded up)
is for test, the next for dev, the others for train.

Layout: `set1_transcript.json`, a list of objects with `id`, `file`, `user_id`, `length` and `text`; the recordings
`audio_files/<x>/<xx>/<file>` lie in folders named by the first one and two characters of the file's name. The list
decides what belongs to the corpus: other files are left alone.

Known faults: 518 recordings are listed twice, in 50,902 lines; the first line is taken. Texts are split into words by
spaces.
"""

from __future__ import annotations

import json
from pathlib import Path

from asr.corpora.entries import Entry, by_speaker, timed
from asr.corpora.layout import corpus_folder, lines, recordings_below, refuse
from asr.errors import CorpusError
from asr.types import Utterance

SEED = 1  # of the order of the speakers
TRANSCRIPT = "set1_transcript.json"
EXTENSIONS = (".wav",)
KEYS = ("file", "user_id", "text")


class Primewords:
    """The Primewords Chinese Corpus Set 1."""

    name = "primewords"
    licence = "CC BY-NC-ND 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test, without a speaker in two of them; nothing is converted."""
        folder = corpus_folder(source, self.name, TRANSCRIPT)
        records = _records(folder / TRANSCRIPT)
        files = recordings_below(folder / "audio_files", EXTENSIONS)
        silent = [name for name in records if name not in files]
        refuse(silent, folder / "audio_files", "no .wav file for", "one is expected for each, unpack the archive again")
        entries = [_entry(files[name], records[name]) for name in sorted(records)]
        return {split: timed(part) for split, part in by_speaker(entries, folder, seed=SEED).items()}


def _records(path: Path) -> dict[str, dict[str, str]]:
    """Return the objects of the list by the name of their file without extension, of two the first."""
    try:
        values = json.loads("\n".join(lines(path, Primewords.name)))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: broken JSON ({error}); unpack the archive again") from error
    if not isinstance(values, list):
        raise CorpusError(f"{path}: is no list of objects; unpack the archive again")
    records: dict[str, dict[str, str]] = {}
    for value in values:
        if not isinstance(value, dict) or not all(isinstance(value.get(key), str) and value[key] for key in KEYS):
            raise CorpusError(
                f"{path}: {json.dumps(value, ensure_ascii=False)[:100]} has no {', '.join(KEYS)} that are strings; "
                "unpack the archive again"
            )
        records.setdefault(Path(value["file"]).stem, value)
    return records


def _entry(path: Path, record: dict[str, str]) -> Entry:
    return Entry(path.stem, path, record["text"].strip(), record["user_id"])
