"""The Free Spoken Digit Dataset.

Story: an open collection of single digits, English, recorded by volunteers at home and sent in as pull requests (Z.
Jackson and others, since 2016). Six speakers (george, jackson, lucas, nicolas, theo, yweweler) said every digit fifty
times.

Licence: CC BY-SA 4.0.

Size: 3000 recordings, 0.36 h, 8 kHz, 16 bit, mono, 0.14 s to 2.28 s long; one word each.

Splits: `test` = recordings 0 to 4 of every digit and speaker, which is the split that its authors name as official
(300); `dev` = 5 to 9 (300); `train` = the rest (2400). All three hear the same speakers, so the official figure says
nothing about a new voice. For that, `loso/<speaker>/{train,dev,test}` leave one speaker out: `test` is all that the
speaker said (500), `dev` is 5 to 9 of the others (250), `train` the rest of the others (2250). They are made where
there are at least two speakers.

Layout: `recordings/<digit>_<speaker>_<n>.wav` (or `.flac`).

Known faults: the recordings are trimmed close, some too close, so that speech is cut at an edge. Eight of "three" have
fewer frames after subsampling by 4 than CTC needs for its letters. Rooms and microphones go with the speakers. Older
versions have fewer speakers and a stray `6_jackson_50.wav`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, named
from asr.errors import CorpusError
from asr.types import Utterance

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST = range(0, 5)
DEV = range(5, 10)
EXTENSIONS = (".wav", ".flac")

_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[^\W_]+)_(?P<n>[0-9]+)")


class Fsdd:
    """The Free Spoken Digit Dataset."""

    name = "fsdd"
    licence = "CC BY-SA 4.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return the official splits, and for every speaker those that leave the speaker out; nothing is converted."""
        clips = _clips(corpus_folder(source, self.name, "recordings") / "recordings")
        splits = {
            "train": [clip.utterance for clip in clips if clip.n not in TEST and clip.n not in DEV],
            "dev": [clip.utterance for clip in clips if clip.n in DEV],
            "test": [clip.utterance for clip in clips if clip.n in TEST],
        }
        empty = [split for split, utterances in splits.items() if not utterances]
        if empty:
            raise CorpusError(
                f"{source}: has no recordings for {named(empty)} (test is n = 0 to 4, dev 5 to 9, train the rest); "
                "take the whole corpus"
            )
        return splits | _leave_one_out(clips)


@dataclass(frozen=True, slots=True)
class _Clip:
    n: int
    utterance: Utterance

    @property
    def speaker(self) -> str:
        return self.utterance.speaker


def _leave_one_out(clips: list[_Clip]) -> dict[str, list[Utterance]]:
    speakers = sorted({clip.speaker for clip in clips})
    if len(speakers) < 2:
        return {}
    splits = {}
    for speaker in speakers:
        others = [clip for clip in clips if clip.speaker != speaker]
        splits[f"loso/{speaker}/train"] = [clip.utterance for clip in others if clip.n not in DEV]
        splits[f"loso/{speaker}/dev"] = [clip.utterance for clip in others if clip.n in DEV]
        splits[f"loso/{speaker}/test"] = [clip.utterance for clip in clips if clip.speaker == speaker]
    return splits


def _clips(folder: Path) -> list[_Clip]:
    """Return the recordings of a folder sorted by digit, speaker and number."""
    # Whatever is no audio (notes, scripts, what macOS leaves behind) is not part of the corpus.
    paths = sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() in EXTENSIONS)
    matches = {path: match for path in paths if (match := _NAME.fullmatch(path.stem)) is not None}
    misnamed = [path.name for path in paths if path not in matches]
    if misnamed:
        raise CorpusError(
            f"{folder}: {named(misnamed)}: not named <digit>_<speaker>_<n>.wav like 7_jackson_32.wav; move it away"
        )
    twice = [stem for stem, count in Counter(path.stem for path in paths).items() if count > 1]
    if twice:
        raise CorpusError(
            f"{folder}: has more than one file for {named(twice)}; keep one of {' and '.join(EXTENSIONS)}"
        )
    if not paths:
        raise CorpusError(
            f"{folder}: has no {' or '.join(EXTENSIONS)} files like 7_jackson_32.wav; take the whole corpus"
        )
    order = sorted(paths, key=lambda path: (matches[path]["digit"], matches[path]["speaker"], int(matches[path]["n"])))
    entries = [Entry(path.stem, path, WORDS[int(matches[path]["digit"])], matches[path]["speaker"]) for path in order]
    return [_Clip(int(matches[path]["n"]), each) for path, each in zip(order, timed(entries), strict=True)]
