"""LJ Speech, and other collections of one speaker whose texts are lines `id|text`.

Story: LJ Speech is one woman of LibriVox, Linda Johnson, who read passages of seven books printed between 1884 and 1964
(K. Ito and L. Johnson, 2017; https://keithito.com/LJ-Speech-Dataset). It was made for speech synthesis, and its form
became a habit: `kerstin-de` is a German voice, and `id-text` stands for any other folder of this form.

Licence: LJ Speech is in the public domain, kerstin-de is CC0. Of another collection its own licence holds.

Size: LJ Speech has 13,100 utterances of 1 to 10 s, 23.9 h, English, 22.05 kHz, 16 bit, mono; kerstin-de 1374, 1.8 h.

Splits: none are published. The ids are shuffled: sorted by the SHA-256 of `1:<id>`, where 1 is the seed. `test` = the
last 100, `dev` = the 100 before them, `train` = the rest. All three hear the same speaker, so no figure on them says
anything about another voice.

Layout: `metadata.csv` with lines `id|text` or `id|text|normalised text`, no line of names and no quoting; one file
`wavs/<id>.wav` each (or `.flac`, `.opus`, `.mp3`, `.ogg`). Where there is a normalised text, it is taken: numbers,
ordinals and amounts of money are written out in it. The list decides what belongs to the collection: other files are
left alone. An id may be written with the extension of its file.

Known faults: version 1.0 of LJ Speech has 30 recordings without a line. Abbreviations (`Mr.`, `Dr.`) stay in the
normalised texts. Utterances were cut by a program at pauses, so that many begin or end inside a sentence.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from asr.corpora.entries import Entry, shuffled, timed
from asr.corpora.layout import AudioFiles, corpus_folder, lines, refuse
from asr.errors import CorpusError
from asr.types import Utterance

SEED = 1
HELD_OUT = 100
EXTENSIONS = (".wav", ".flac", ".opus", ".mp3", ".ogg")
LIST = "metadata.csv"


class IdText:
    """A folder of recordings with a list of `id|text`."""

    splits = ("train", "dev", "test")

    def __init__(self, name: str, licence: str, speaker: str = "") -> None:
        self.name = name
        self.licence = licence
        self.speaker = speaker

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; nothing is converted."""
        folder = corpus_folder(source, self.name, LIST)
        entries = self._entries(folder)
        if len(entries) <= 2 * HELD_OUT:
            raise CorpusError(
                f"{folder / LIST}: has {len(entries)} utterances, and {HELD_OUT} are held out for dev and for test "
                "each; take the whole collection"
            )
        utterances = {one.id: one for one in timed(entries)}
        order = [utterances[name] for name in shuffled(utterances, SEED)]
        return {
            "train": order[: -2 * HELD_OUT],
            "dev": order[-2 * HELD_OUT : -HELD_OUT],
            "test": order[-HELD_OUT:],
        }

    def _entries(self, folder: Path) -> list[Entry]:
        path = folder / LIST
        pairs = [_parse(line, path) for line in lines(path, self.name)]
        several = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        refuse(several, path, "has more than one line for", "keep one of them")
        textless = [name for name, text in pairs if not text]
        refuse(textless, path, "has no text for", "write what is said after the first |, or remove the line")
        files = AudioFiles(folder / "wavs", EXTENSIONS)
        found = [(name, files.find(name), text) for name, text in pairs]
        silent = [f"wavs/{name}.*" for name, audio, _ in found if audio is None]
        refuse(silent, path, "no audio file for", f"one of {', '.join(EXTENSIONS)} is expected for each")
        return [Entry(name, audio, text, self.speaker) for name, audio, text in found if audio is not None]


def _parse(line: str, path: Path) -> tuple[str, str]:
    """Return the id and the text of a line, the normalised one where there is one."""
    name, *texts = (field.strip() for field in line.split("|"))
    if not name or len(texts) not in (1, 2):
        raise CorpusError(f"{path}: {line!r} is not a line like 'LJ001-0001|text' or 'LJ001-0001|text|normalised text'")
    known = name.lower().endswith(EXTENSIONS)
    return (name.rpartition(".")[0] if known else name), texts[-1] or texts[0]
