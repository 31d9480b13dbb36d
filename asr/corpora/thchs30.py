"""THCHS-30, read Mandarin.

Story: recorded at Tsinghua University from 2000 to 2001, one microphone in a quiet office, and published in 2015 with
lexicon, language models and a recipe (D. Wang and X. Zhang, "THCHS-30: a free Chinese speech corpus", arXiv:1512.01882;
https://www.openslr.org/18). The sentences are news, chosen for the sounds they hold. 16 kHz, 16 bit, mono.

Licence: Apache 2.0.

Size: train 10,000 utterances, 25 h; dev 893, 2.2 h; test 2,495, 6.2 h. An utterance is a sentence of about 9 s.

Splits: as published, by the names in the folders train, dev and test.

Layout: `data/<speaker>_<number>.wav` with `.wav.trn` beside it, whose first line is the text (the second are its
syllables, the third its initials and finals); `train`, `dev` and `test` hold links to both. An unpacker that makes no
links leaves small files or nothing of use under the links' names, so the folders are read for their names alone.

Known faults: dev has speakers and groups of sentences of train (A, B and C; test is group D), so that figures on dev
flatter; and the sentences of a group are read by each of its speakers, so that few different texts are trained on.
Texts are split into words by spaces. In some stands ` l =`, an editor's remark, which is taken away here as in the
published recipe. There is a second test set with added noise, which is an archive of its own.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, lines, refuse
from asr.errors import CorpusError
from asr.types import Utterance

FIRST = "data/A11_0.wav.trn"
REMARK = " l ="
AGAIN = "unpack the archive again"


class Thchs30:
    """The THCHS-30 corpus."""

    name = "thchs30"
    licence = "Apache-2.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, FIRST)
        names = {split: _names(folder / split) for split in self.splits}
        listed = [name for part in names.values() for name in part]
        data = folder / "data"
        several = [name for name, count in Counter(listed).items() if count > 1]
        refuse(several, folder, "more than one split has", f"each is expected in one, {AGAIN}")
        for extension in (".wav", ".wav.trn"):
            there = {path.name for path in data.glob(f"*{extension}")}
            absent = [name for name in listed if name + extension not in there]
            refuse(absent, data, f"no {extension} file for", f"one is expected for each, {AGAIN}")
        return {split: timed([_entry(data / f"{name}.wav") for name in part]) for split, part in names.items()}


def _names(split: Path) -> list[str]:
    """Return the names of the utterances of a split by speaker and number."""
    # Links that lead nowhere are listed too.
    names = {path.name.removesuffix(".trn").removesuffix(".wav") for path in split.glob("[!.]*.wav*")}
    if not names:
        raise CorpusError(f"{split}: has no .wav files or links to them; {AGAIN}")
    return sorted(names, key=lambda name: [(len(part), part) for part in name.split("_")])


def _entry(path: Path) -> Entry:
    transcription = path.with_name(f"{path.name}.trn")
    text = [line.replace(REMARK, "") for line in lines(transcription, Thchs30.name)[:1]]
    if not text:
        raise CorpusError(f"{transcription}: is empty where its first line is the text; {AGAIN}")
    return Entry(path.stem, path, text[0], path.stem.partition("_")[0])
