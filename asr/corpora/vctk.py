"""VCTK, English sentences of newspapers read in many accents.

Story: the Centre for Speech Technology Research in Edinburgh recorded it for speech synthesis in many voices (C. Veaux,
J. Yamagishi and K. MacDonald, version 0.80 of 2012 and 0.92 of 2019; https://doi.org/10.7488/ds/2645). Each speaker
reads about 400 sentences of a newspaper, then the "rainbow passage" and an elicitation paragraph, in a nearly anechoic
room. 48 kHz, 16 bit; two microphones in 0.92.

Licence: CC BY 4.0; version 0.80: ODC-By 1.0.

Size: 110 speakers (109 in 0.80), about 44 h in 44,000 utterances.

Splits: none are published. The speakers are shuffled, sorted by the SHA-256 of `1:<speaker>` where 1 is the seed: of
them `test` is the first twentieth (p314 p278 p318 p229 p254 p243), `dev` the next (p238 p329 p374 p237 p339 p259),
`train` the rest, the same in both versions. Everybody reads the same two passages, so that some sentences of dev and
test are in train as well, in other voices.

Layout: `txt/<speaker>/<speaker>_<number>.txt` with one text each, and `wav48/<speaker>/<speaker>_<number>.wav` in 0.80,
`wav48_silence_trimmed/<speaker>/<speaker>_<number>_mic{1,2}.flac` in 0.92. Of the two microphones the first is taken,
which is there for every speaker, and the second where the first is not.

Known faults: the texts of p315 were lost, so that its audio is left out, and some audio of p362 is not in 0.92 (p280
and p315 have one microphone). In 0.80 p376_295 is a headerless `.raw` file, which is left out, and p280 is not in
speaker-info.txt. Texts have punctuation and capitals.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asr.corpora.entries import Entry, at_once, by_speaker, leave_out, timed
from asr.corpora.layout import AudioFiles, corpus_folder, folders, lines, named, refuse
from asr.errors import CorpusError
from asr.types import Utterance

SEED = 1
AUDIO = {"wav48_silence_trimmed": ("_mic1", "_mic2"), "wav48": ("",)}  # the folder, and what ends the names in it
EXTENSIONS = (".flac", ".wav")
TEXTLESS = ("p315",)
INCOMPLETE = ("p362", "p376")  # some of their audio is not in the archives
AGAIN = "unpack the archive again"


class Vctk:
    """The VCTK corpus, version 0.80 or 0.92."""

    name = "vctk"
    licence = "CC BY 4.0 (version 0.80: ODC-By 1.0)"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test, no speaker in two of them; nothing is converted."""
        folder = corpus_folder(source, self.name, "txt")
        place = next((name for name in AUDIO if (folder / name).is_dir()), None)
        if place is None:
            raise CorpusError(f"{folder}: has no folder {' or '.join(AUDIO)} beside txt; {AGAIN}")
        _check_texts(folder / "txt", folder / place)
        entries = _entries(folder / "txt", AudioFiles(folder / place, EXTENSIONS), AUDIO[place])
        return {split: timed(part) for split, part in by_speaker(entries, folder, seed=SEED).items()}


def _check_texts(texts: Path, audio: Path) -> None:
    """Refuse speakers who are heard and have no texts, apart from the one whose texts were lost."""
    mute = {path.name for path in folders(audio)} - {path.name for path in folders(texts)}
    unexpected = sorted(mute - {*TEXTLESS})
    if unexpected:
        raise CorpusError(f"{texts}: has no folder of texts for {named(unexpected)}; {AGAIN}")
    for speaker in sorted(mute):
        print(f"{audio / speaker}: its texts were lost by the makers of the corpus; left out", file=sys.stderr)


def _entries(texts: Path, files: AudioFiles, ends: tuple[str, ...]) -> list[Entry]:
    """Return the utterances that have a text and a recording, by speaker and number."""
    paths = sorted(path for speaker in folders(texts) for path in speaker.glob("[!.]*.txt"))
    found = {path: _recording(files, path, ends) for path in paths}
    silent = [path for path, audio in found.items() if audio is None]
    unknown = [path.stem for path in silent if path.parent.name not in INCOMPLETE]
    refuse(unknown, texts, "no audio file for", f"{AGAIN}, or move these texts away")
    leave_out([path.stem for path in silent], texts, "no audio file", of=len(paths))
    heard = [(path, audio) for path, audio in found.items() if audio is not None]
    contents = at_once(_text, [path for path, _ in heard])
    return [
        Entry(path.stem, audio, text, path.parent.name) for (path, audio), text in zip(heard, contents, strict=True)
    ]


def _recording(files: AudioFiles, text: Path, ends: tuple[str, ...]) -> Path | None:
    names = [f"{text.parent.name}/{text.stem}{end}" for end in ends]
    return next((path for name in names if (path := files.find(name)) is not None), None)


def _text(path: Path) -> str:
    text = " ".join(lines(path, Vctk.name))
    if not text:
        raise CorpusError(f"{path}: is empty; {AGAIN}, or move it away")
    return text
