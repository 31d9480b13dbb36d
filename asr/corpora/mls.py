"""Multilingual LibriSpeech, read books in eight languages.

Story: volunteers of LibriVox read books aloud; Facebook's researchers cut the recordings at pauses, found the texts by
recognising them, and aligned (V. Pratap and others, "MLS: a large-scale multilingual dataset for speech research",
Interspeech 2020; https://www.openslr.org/94). 16 kHz, 16 bit, mono, 10 to 20 s an utterance.

Licence: CC BY 4.0.

Size: hours of train, dev and test.

    english     44,660   15.8  15.6    french       1,077  10.1  10.1    italian       247   5.2   5.3
    german       1,967   14.3  14.3    spanish        918  10.0  10.0    portuguese    161   3.6   3.7
    dutch        1,554   12.8  12.8                                      polish        104   2.1   2.1

Splits: as published; no speaker is in two of them. The lists in `train/limited_supervision` (10 h, for
experiments with little data) are not read.

Layout: one archive a language, `mls_<language>` with the audio as FLAC or `mls_<language>_opus`. In each of `train`,
`dev`, `test`: `transcripts.txt` with lines of an id, a tab and the text, and
`audio/<speaker>/<book>/<speaker>_<book>_<number>.flac` (or `.opus`, `.wav`, `.mp3`). The lists decide what belongs to
the corpus: other files are left alone.

Known faults: texts are what a program aligned, in small letters, without punctuation apart from apostrophes and
hyphens; numbers were replaced by the words that a recogniser heard. The recordings were MP3s before they were FLACs.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import AudioFiles, corpus_folder, lines, refuse
from asr.errors import CorpusError
from asr.types import Utterance

EXTENSIONS = (".flac", ".opus", ".wav", ".mp3")
LIST = "transcripts.txt"
AGAIN = "unpack the archive again"

_LINE = re.compile(r"(?P<name>(?P<speaker>[0-9]+)_(?P<book>[0-9]+)_[0-9]+)\t\s*(?P<text>.+)")


class Mls:
    """One language of Multilingual LibriSpeech."""

    name = "mls"
    licence = "CC BY 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, f"train/{LIST}")
        entries = {split: _entries(folder / split) for split in self.splits}
        counts = Counter(entry.id for part in entries.values() for entry in part)
        refuse([name for name, count in counts.items() if count > 1], folder, "more than one line for", AGAIN)
        return {split: timed(part) for split, part in entries.items()}


def _entries(part: Path) -> list[Entry]:
    """Return the utterances of a split in the order of its list."""
    path = part / LIST
    matches = [_match(line, path) for line in lines(path, Mls.name)]
    if not matches:
        raise CorpusError(f"{path}: has no lines; {AGAIN}")
    files = AudioFiles(part / "audio", EXTENSIONS)
    found = [(match, files.find(f"{match['speaker']}/{match['book']}/{match['name']}")) for match in matches]
    silent = [match["name"] for match, audio in found if audio is None]
    refuse(silent, path, "no audio file for", f"audio/SPEAKER/BOOK/ID with one of {', '.join(EXTENSIONS)} is expected")
    return [Entry(match["name"], audio, match["text"], match["speaker"]) for match, audio in found if audio]


def _match(line: str, path: Path) -> re.Match[str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise CorpusError(f"{path}: {line!r} is not a line like '4800_10003_000000<tab>text'; {AGAIN}")
    return match
