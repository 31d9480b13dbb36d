"""MAGICDATA Mandarin Chinese Read Speech Corpus.

Story: published by Magic Data Technology in 2019 (https://www.openslr.org/68). 1080 speakers of different accents of
mainland China read questions, music searches, messages and commands, mostly into mobile phones in quiet rooms; the
transcripts are said to be more than 98 % right. 16 kHz, 16 bit, mono.

Licence: CC BY-NC-ND 4.0.

Size: 755 h in 609,552 recordings: train 573,480, dev 11,793, test 24,279.

Splits: as published, in the ratio 51 : 1 : 2.

Layout: `{train,dev,test}/TRANS.txt`, with a line `UtteranceID SpeakerID Transcription` and then one an utterance, its
three parts set apart by tabs (`14_3466_20170826171404.wav`, `14_3466`, the text); the recordings are
`{train,dev,test}/<speaker>/<id>.wav`. The lists decide what belongs to the corpus: other files are left alone.

Known faults: two recordings are bad (`BAD`) and are left out, as in the published recipes. `[FIL]` and `[SPK]` mark
noises of the speaker; they are taken away here, with brackets or without, and an utterance that holds nothing else is
left out. Texts have some punctuation, Chinese and Latin.
"""

from __future__ import annotations

import re
from pathlib import Path

from asr.corpora.entries import Entry, leave_out, timed
from asr.corpora.layout import AudioFiles, corpus_folder, refuse, rows, without_marks
from asr.errors import CorpusError
from asr.types import Utterance

LIST = "TRANS.txt"
EXTENSIONS = (".wav",)
COLUMNS = ("UtteranceID", "SpeakerID", "Transcription")
WORDLESS = 0.05  # of the utterances
BAD = ("16_4013_20170819121429", "18_1565_20170712000170")

_BARE_MARK = re.compile("FIL|SPK")


class Magicdata:
    """The MAGICDATA read speech corpus."""

    name = "magicdata"
    licence = "CC BY-NC-ND 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, f"train/{LIST}")
        return {split: timed(_entries(folder / split)) for split in self.splits}


def _entries(split: Path) -> list[Entry]:
    """Return the utterances of a split by name."""
    files = AudioFiles(split, EXTENSIONS)
    listed = _listed(split / LIST)
    noise = [name for name, (_, text) in listed.items() if not text]
    leave_out([name for name in BAD if name in listed], split, "said to be bad", of=len(listed))
    leave_out(noise, split, "nothing but noise", of=len(listed), share=WORDLESS)
    path_of = {name: files.find(f"{listed[name][0]}/{name}") for name in sorted(listed.keys() - {*BAD, *noise})}
    silent = [name for name, path in path_of.items() if path is None]
    refuse(silent, split, "no .wav file for", f"one is expected for each, unpack {split.name}_set.tar.gz again")
    return [Entry(name, path, listed[name][1], listed[name][0]) for name, path in path_of.items() if path is not None]


def _listed(path: Path) -> dict[str, tuple[str, str]]:
    """Return speaker and text by the utterance's name."""
    listed: dict[str, tuple[str, str]] = {}
    for file, speaker, text in rows(path, Magicdata.name, COLUMNS):
        name = Path(file.strip()).stem
        if name in listed:
            raise CorpusError(f"{path}: has more than one line for {name}; unpack the archive again")
        listed[name] = (speaker.strip(), without_noises(text))
    if not listed:
        raise CorpusError(f"{path}: has no utterances; unpack the archive again")
    return listed


def without_noises(text: str) -> str:
    """Return a text without what marks a noise, in brackets or bare."""
    return " ".join(_BARE_MARK.sub(" ", without_marks(text)).split())
