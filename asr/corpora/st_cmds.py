"""ST-CMDS, the Free ST Chinese Mandarin Corpus.

Story: published by Surfing Technology in 2017 (https://www.openslr.org/38). Short sentences, read in a quiet room into
a mobile phone. 16 kHz, 16 bit, mono.

Licence: CC BY-NC-ND 4.0.

Size: 102,600 utterances, 120 of each of 855 recorded speakers, about 110 h.

Splits: none is published. Of the speakers in the order of the SHA-256 of `1:<speaker>` the first twentieth (rounded up)
is for test, the next for dev, the others for train.

Layout: one folder `ST-CMDS-20170001_1-OS` with three files an utterance: `20170001P00001A0001.wav`, `.txt` with the
text in one line, and `.metadata`, which is not read. A name is the corpus (8 digits), the speaker (`P` and 5 digits), a
letter (`A` or `I`) and a number.

Known faults: nothing says whether `P00001A` and `P00001I` are two voices, so a speaker is `P00001` here, and both are
kept in one split. Some texts have punctuation. A `.metadata` file may be in UTF-8 or in GBK.
"""

from __future__ import annotations

import re
from pathlib import Path

from asr.corpora.entries import Entry, by_speaker, timed
from asr.corpora.layout import corpus_folder, lines, named, recordings, refuse
from asr.errors import CorpusError
from asr.types import Utterance

SEED = 1  # of the order of the speakers
FIRST = "20170001P00001A0001.wav"

_NAME = re.compile(r"[0-9]{8}(?P<speaker>P[0-9]{5})[A-Z][0-9]{4}")


class StCmds:
    """The ST-CMDS corpus."""

    name = "st_cmds"
    licence = "CC BY-NC-ND 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test, without a speaker in two of them; nothing is converted."""
        folder = corpus_folder(source, self.name, FIRST)
        files = recordings(folder, (".wav",))
        misnamed = [name for name in files if not _NAME.fullmatch(name)]
        if misnamed:
            raise CorpusError(f"{folder}: {named(misnamed)}: not named like {FIRST}; move it away")
        texts = {path.stem for path in folder.glob("[!.]*.txt")}
        for kind, alone in (("txt", files.keys() - texts), ("wav", texts - files.keys())):
            refuse(sorted(alone), folder, f"no .{kind} file for", "one is expected for each, unpack the archive again")
        entries = [_entry(path) for path in files.values()]
        return {split: timed(part) for split, part in by_speaker(entries, folder, seed=SEED).items()}


def _entry(path: Path) -> Entry:
    match = _NAME.fullmatch(path.stem)
    assert match is not None, "names are checked before"
    text = " ".join(lines(path.with_suffix(".txt"), StCmds.name))
    if not text:
        raise CorpusError(f"{path.with_suffix('.txt')}: is empty; unpack the archive again, or move both files away")
    return Entry(path.stem, path, text, match["speaker"])
