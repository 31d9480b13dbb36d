"""LibriSpeech, read English books.

Story: volunteers of LibriVox read books of Project Gutenberg aloud; V. Panayotov, G. Chen, D. Povey and S. Khudanpur
aligned the recordings with the books and cut them into utterances ("LibriSpeech: an ASR corpus based on public domain
audio books", ICASSP 2015; https://www.openslr.org/12). 16 kHz, 16 bit, mono.

Licence: CC BY 4.0.

Size: utterances of up to 35 s.

    train-clean-100   28,539 utterances   251 speakers   100.6 h    dev-clean    2,703   40 speakers   5.4 h
    train-clean-360  104,014              921            363.6      dev-other    2,864   33            5.3
    train-other-500  148,688             1166            496.7      test-clean   2,620   40            5.4
                                                                    test-other   2,939   33            5.1

Mini LibriSpeech (https://www.openslr.org/31) is a part of it in the same layout, for quick trials: `train-clean-5` of
train-clean-100 (5 h) and `dev-clean-2` of dev-clean (2 h).

Splits: `train` = every folder `train-*` that is there; `dev` and `test` = their `clean`, else their `sample` (pieces of
the corpus in its own layout, with folders `train-sample`, `dev-sample`, `test-sample`), else mini's `clean-2`, else
their `other`. A folder that is not one of these by itself (`train-clean-100` beside another, `dev-other`) is also a
split of its own name. No speaker is in two of the published folders. Mini alone has nothing for test: `test` is then
dev-clean-2, on which Kaldi's figures for it are, and `dev` is every tenth speaker of train-clean-5 by number, who is
taken out of `train`. Figures on a sample, or on dev-clean-2, are not figures on dev-clean or test-clean.

Layout: `<split>/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt` with lines `<speaker>-<chapter>-<number> TEXT`, and
beside it one file an utterance: `.flac` as published, or `.wav`, `.opus`, `.mp3`. Files of other kinds are left alone.

Known faults: the recordings were MP3s before they were FLACs, so that some end well below 8 kHz. Texts are the books',
in capitals and without punctuation; what a reader changed, or the alignment missed, differs. Utterances were cut at
pauses, so that many begin or end inside a sentence. "clean" and "other" are the halves of the speakers that an early
recogniser read better and worse, not a measure of noise. A few apostrophes are closing quotation marks (`BUSH'`).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, folders, lines, named, recordings, refuse
from asr.errors import CorpusError
from asr.types import Utterance

KINDS = ("train", "dev", "test")
FIRST = ("clean", "sample", "clean-2", "other")  # which of the folders for dev and for test is taken
EXTENSIONS = (".flac", ".wav", ".opus", ".mp3")  # of several files of one name the first
MINI = {"train-clean-5", "dev-clean-2"}
AGAIN = "unpack its archive again"

_PART = re.compile(rf"({'|'.join(KINDS)})-[a-z0-9-]+")


class LibriSpeech:
    """The LibriSpeech corpus, or any of its folders."""

    name = "librispeech"
    licence = "CC BY 4.0"
    splits = KINDS

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test, and by their own names the folders beside them; nothing is converted."""
        folder = corpus_folder(source, self.name, "SPEAKERS.TXT")
        entries = {part.name: _entries(part) for part in _parts(folder)}
        counts = Counter(entry.id for part in entries.values() for entry in part)
        several = [name for name, count in counts.items() if count > 1]
        refuse(several, folder, "more than one folder has", "keep one of them")
        splits = _mini(entries) if set(entries) == MINI else _splits(entries)
        utterances = {one.id: one for one in timed([entry for part in entries.values() for entry in part])}
        return {split: [utterances[entry.id] for entry in part] for split, part in splits.items()}


def _parts(folder: Path) -> list[Path]:
    """Return the folders of the splits, for each kind the one to be taken first."""
    found = folders(folder)
    parts = [path for path in found if _PART.fullmatch(path.name)]
    misnamed = [path.name for path in found if path not in parts and _PART.fullmatch(_plain(path.name))]
    if misnamed:
        raise CorpusError(
            f"{folder}: {named(misnamed)}: not named like train-clean-100, dev-clean or test-other, in small letters "
            "and with hyphens; rename it or move it away"
        )
    absent = [f"{kind}-*" for kind in KINDS if not any(part.name.startswith(f"{kind}-") for part in parts)]
    if absent and {part.name for part in parts} != MINI:
        raise CorpusError(
            f"{folder}: has no folder {named(absent)}; unpack one beside the others, such as train-clean-100, "
            "dev-clean and test-clean"
        )
    return sorted(parts, key=_rank)


def _plain(name: str) -> str:
    return re.sub("[ _]", "-", name.lower())


def _rank(part: Path) -> tuple[int, str]:
    rest = part.name.partition("-")[2]
    return (FIRST.index(rest) if rest in FIRST else len(FIRST), part.name)


def _mini(parts: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Return train and dev of train-clean-5, and dev-clean-2 as test."""
    train = parts["train-clean-5"]
    speakers = sorted({entry.speaker for entry in train}, key=lambda name: (len(name), name))
    held_out = set(speakers[::10])
    return {
        "train": [entry for entry in train if entry.speaker not in held_out],
        "dev": [entry for entry in train if entry.speaker in held_out],
        "test": parts["dev-clean-2"],
    }


def _splits(parts: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Return the utterances by split; parts: by folder, for each kind the one to be taken first."""
    of_kind = {kind: [name for name in parts if name.startswith(f"{kind}-")] for kind in KINDS}
    chosen = {kind: names if kind == "train" else names[:1] for kind, names in of_kind.items()}
    splits = {kind: [entry for name in names for entry in parts[name]] for kind, names in chosen.items()}
    return splits | {name: part for name, part in parts.items() if [name] not in chosen.values()}


def _entries(part: Path) -> list[Entry]:
    """Return the utterances of a folder by speaker, chapter and number."""
    found = [chapter for speaker in folders(part) for chapter in folders(speaker)]
    chapters = sorted(found, key=lambda path: [(len(name), name) for name in path.parts[-2:]])
    text_of = {name: text for chapter in chapters for name, text in _texts(chapter).items()}
    path_of = {name: path for chapter in chapters for name, path in recordings(chapter, EXTENSIONS).items()}
    if not text_of:
        raise CorpusError(f"{part}: has no utterances; {AGAIN}, or remove the folder")
    silent = [name for name in text_of if name not in path_of]
    refuse(silent, part, "has no audio file for", f"one of {', '.join(EXTENSIONS)} is expected for each, {AGAIN}")
    textless = [name for name in path_of if name not in text_of]
    refuse(textless, part, "has no text for", f"a line in the .trans.txt beside each is expected, {AGAIN}")
    return [Entry(name, path_of[name], text, name.partition("-")[0]) for name, text in text_of.items()]


def _texts(chapter: Path) -> dict[str, str]:
    """Return the texts of a chapter by the utterance's name, in the order of its lines."""
    prefix = f"{chapter.parent.name}-{chapter.name}"
    path = chapter / f"{prefix}.trans.txt"
    texts: dict[str, str] = {}
    for line in lines(path, LibriSpeech.name):
        name, _, text = line.partition(" ")
        if not text.strip() or not re.fullmatch(rf"{re.escape(prefix)}-[0-9]+", name):
            raise CorpusError(f"{path}: {line!r} is not a line like '{prefix}-0000 TEXT'; {AGAIN}")
        if name in texts:
            raise CorpusError(f"{path}: has more than one line for {name}; {AGAIN}")
        texts[name] = text.strip()
    return texts
