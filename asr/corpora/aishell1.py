"""AISHELL-1, read Mandarin.

Story: 400 people from different regions of China read sentences about finance, science and technology, sports,
entertainment and news in a quiet room, into a microphone, an Android phone and an iPhone; the microphone is published,
at 16 kHz, 16 bit, mono (H. Bu, J. Du, X. Na, B. Wu and H. Zheng, "AIShell-1: an open-source Mandarin speech corpus and
a speech recognition baseline", O-COCOSDA 2017; https://www.openslr.org/33).

Licence: Apache 2.0.

Size: 178 h in 141,600 utterances: train 120,098 of 340 speakers, dev 14,326 of 40, test 7,176 of 20.

Splits: as published. No speaker is in two of them.

Layout: `transcript/aishell_transcript_v0.8.txt` with lines `BAC009S0002W0122 TEXT`, and
`wav/{train,dev,test}/<speaker>/<id>.wav` (or `.flac`, `.opus`). In the published archive `data_aishell.tgz`, `wav`
holds one `<speaker>.tar.gz` a speaker, each to be unpacked there.

Known faults: 325 recordings of the archive have no text; they are left out, as in every published figure. Texts are
split into words by spaces, and some hold Latin letters, spelt out (`T C L`) or full-width; what stands in brackets
(`[n]`) marks a noise and is taken away here. Numbers are written in Chinese characters.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from asr.corpora.entries import Entry, leave_out, timed
from asr.corpora.layout import corpus_folder, lines, named, recordings_below, refuse, without_marks
from asr.errors import CorpusError
from asr.types import Utterance

TRANSCRIPT = "transcript/aishell_transcript_v0.8.txt"
EXTENSIONS = (".wav", ".flac", ".opus")
PACKED = ".tar.gz"
TEXTLESS = 0.05  # of the recordings; 0.0023 as published
AGAIN = "unpack the archives again"


class Aishell1:
    """The AISHELL-1 corpus, or some of its speakers."""

    name = "aishell1"
    licence = "Apache-2.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, TRANSCRIPT)
        texts = _texts(folder / TRANSCRIPT)
        files = {split: recordings_below(folder / "wav" / split, EXTENSIONS) for split in self.splits}
        _check(folder / "wav", texts, files)
        return {
            split: timed(
                [Entry(name, part[name], texts[name], part[name].parent.name) for name in sorted(part.keys() & texts)]
            )
            for split, part in files.items()
        }


def _texts(path: Path) -> dict[str, str]:
    """Return the texts of the transcript by the utterance's name."""
    texts: dict[str, str] = {}
    for line in lines(path, Aishell1.name):
        name, *text = line.split(maxsplit=1)
        if not text:
            raise CorpusError(f"{path}: {line!r} is not a line like 'BAC009S0002W0122 TEXT'; unpack the archive again")
        if name in texts:
            raise CorpusError(f"{path}: has more than one line for {name}; unpack the archive again")
        texts[name] = without_marks(text[0])
    return texts


def _check(wav: Path, texts: dict[str, str], files: dict[str, dict[str, Path]]) -> None:
    _check_unpacked(wav, {path.parent.name for part in files.values() for path in part.values()})
    counts = Counter(name for part in files.values() for name in part)
    several = [name for name, count in counts.items() if count > 1]
    refuse(several, wav, "more than one split has", f"each is expected in one, {AGAIN}")
    silent = sorted(texts.keys() - counts)
    refuse(silent, wav, "no audio file for", f"one of {', '.join(EXTENSIONS)} is expected for each, {AGAIN}")
    empty = [split for split, part in files.items() if not part.keys() & texts]
    if empty:
        raise CorpusError(f"{wav}: has no utterances for {named(empty)}; unpack the archives of all speakers")
    leave_out(sorted(counts.keys() - texts), wav, "no text", of=len(counts), share=TEXTLESS)


def _check_unpacked(wav: Path, speakers: set[str]) -> None:
    archives = sorted(path.name for path in wav.glob(f"*{PACKED}"))
    packed = [name for name in archives if name.removesuffix(PACKED) not in speakers]
    if packed:
        raise CorpusError(
            f"{wav}: {len(packed)} speakers are still packed: {named(packed)}; unpack each of these archives there, "
            "as they hold the folders train, dev and test"
        )
