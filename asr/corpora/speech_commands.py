"""Google Speech Commands, single words said into the microphones of web browsers.

Story: people were asked for single words in a web page; the loudest second of each recording was kept (P. Warden,
"Speech Commands: a dataset for limited-vocabulary speech recognition", arXiv 1804.03209, 2018). English, 16 kHz, 16
bit, mono, one second or less.

Licence: CC BY 4.0.

Size: version 0.02 has 105,829 recordings of 35 words; version 0.01 has 64,721 of 30 words. Twenty words were said by
most speakers several times (the digits and such as "yes", "left", "stop"), the others once.

Splits: `dev` = `validation_list.txt` (9,981 in version 0.02) and `test` = `testing_list.txt` (11,005), `train` =
every other recording (84,843). The makers divided by speaker: whoever is in one split is in no other. The archives of
their own test sets (`speech_commands_test_set_*`, with folders `_silence_` and `_unknown_`) are not read: their figures
are shares of a choice among twelve classes, not word error rates.

Layout: `<word>/<speaker>_nohash_<n>.wav`, where the speaker is the hash of a name; both lists hold lines
`<word>/<file>.wav`. Folders whose names begin with an underscore (`_background_noise_`, minutes of noise) and files of
other kinds are left alone.

Known faults: recordings are cut by a program, so that some words lose an end or are hardly there, and some say another
word than the folder's. Many are shorter than a second. The word of the folder is the text, in small letters.
"""

from __future__ import annotations

import re
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, folders, lines, named, recordings, refuse
from asr.errors import CorpusError
from asr.types import Utterance

LISTS = {"dev": "validation_list.txt", "test": "testing_list.txt"}
EXTENSIONS = (".wav", ".flac")
AGAIN = "unpack the archive again"

_NAME = re.compile(r"[^_\s]+_nohash_[0-9]+")


class SpeechCommands:
    """The Speech Commands corpus, version 0.01 or 0.02."""

    name = "speech_commands"
    licence = "CC BY 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, LISTS["dev"])
        listed = {split: _ids(folder / name) for split, name in LISTS.items()}
        both = sorted(listed["dev"] & listed["test"])
        refuse(both, folder, f"{' and '.join(LISTS.values())} both list", f"each is expected in one, {AGAIN}")
        entries = [entry for word in folders(folder) if not word.name.startswith("_") for entry in _entries(word)]
        there = {entry.id for entry in entries}
        for split, name in LISTS.items():
            refuse(sorted(listed[split] - there), folder / name, "no audio file for", AGAIN)
        splits: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
        for utterance in timed(entries):
            split = next((split for split, ids in listed.items() if utterance.id in ids), "train")
            splits[split].append(utterance)
        _check(splits, folder)
        return splits


def _ids(path: Path) -> set[str]:
    """Return the ids of a list of files: `bed/1_nohash_0.wav` is bed-1_nohash_0."""
    return {Path(line).with_suffix("").as_posix().replace("/", "-") for line in lines(path, SpeechCommands.name)}


def _entries(word: Path) -> list[Entry]:
    """Return the recordings of a word by their names."""
    paths = recordings(word, EXTENSIONS)
    misnamed = [path.name for name, path in paths.items() if not _NAME.fullmatch(name)]
    if misnamed:
        raise CorpusError(f"{word}: {named(misnamed)}: not named like 0a7c2a8d_nohash_0.wav; move it away")
    return [Entry(f"{word.name}-{name}", path, word.name, name.partition("_")[0]) for name, path in paths.items()]


def _check(splits: dict[str, list[Utterance]], folder: Path) -> None:
    empty = [split for split, utterances in splits.items() if not utterances]
    if empty:
        raise CorpusError(f"{folder}: has no recordings for {named(empty)}; {AGAIN}")
