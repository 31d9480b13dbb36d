"""YesNo, sixty recordings of "yes" and "no" in Hebrew.

Story: made for trying Kaldi's scripts in a minute, by a contributor who did not want to be named
(https://www.openslr.org/1). One man says eight words in each recording, every one of them Hebrew for yes or for no.

Licence: free to use; see https://www.openslr.org/1.

Size: 60 recordings of about 6 s, 0.1 h, 8 kHz, mono, one speaker.

Splits: none are published. By name, of every six recordings the fifth is `dev` (10) and the sixth is `test` (10), the
others are `train` (40). Kaldi trains on one half and scores the other; a figure of zero errors is usual.

Layout: `waves_yesno/<words>.wav`, where the name is the transcript: `1_0_0_0_0_0_0_0` is one YES and seven NO, the
English words that Kaldi writes for them. Other files (a README, and what an editor left beside it) are left alone.

Known faults: none; but of one speaker and two words nothing can be concluded.
"""

from __future__ import annotations

import re
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, named, recordings
from asr.errors import CorpusError
from asr.types import Utterance

SPLITS = ("train", "train", "train", "train", "dev", "test")  # of six recordings, and of the next six
MARK = "[01]_[01]_[01]_[01]_[01]_[01]_[01]_[01].*"
EXTENSIONS = (".wav", ".flac")
WORDS = {"0": "NO", "1": "YES"}


class YesNo:
    """The YesNo corpus."""

    name = "yesno"
    licence = "free to use, see https://www.openslr.org/1"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, MARK)
        paths = list(recordings(folder, EXTENSIONS).values())
        misnamed = [path.name for path in paths if not re.fullmatch("[01](_[01]){7}", path.stem)]
        if misnamed:
            raise CorpusError(f"{folder}: {named(misnamed)}: not named like 0_1_0_0_1_1_0_1.wav; move it away")
        if len(paths) < len(SPLITS):
            raise CorpusError(f"{folder}: has {len(paths)} recordings where YesNo has 60; unpack the archive again")
        splits: dict[str, list[Utterance]] = {split: [] for split in self.splits}
        for number, utterance in enumerate(timed([_entry(path) for path in paths])):
            splits[SPLITS[number % len(SPLITS)]].append(utterance)
        return splits


def _entry(path: Path) -> Entry:
    return Entry(path.stem, path, " ".join(WORDS[digit] for digit in path.stem.split("_")), "yesno")
