"""CMU AN4, the alphanumeric or "census" corpus.

Story: recorded at Carnegie Mellon University about 1991 (A. Acero, "Acoustical and environmental robustness in
automatic speech recognition", Kluwer 1993). Speakers spell names and addresses, say telephone numbers and dates, and
read random sequences of control words ("ERASE C Q Q F SEVEN"). American English, close-talking microphone, 16 kHz, 16
bit, mono.

Licence: CMU's own, BSD-like: free for any use, commercial too, as long as its notice travels along.

Size: 948 training utterances of 74 speakers, 0.71 h; 130 test utterances of 10 others, 0.10 h, 773 words. The test
words `NOVEMBER` and `THIRTEEN` never occur in the training texts.

Splits: `dev` = the first 100 training utterances sorted by id, `train` = the other 848, `test` as published. This is
ESPnet's rule; its ids begin with the speaker (`fash-an251-b` for the file `an251-fash-b`), so that sorting keeps a
speaker together: dev holds 8 speakers, all women, none of whom is in train.

Layout: `etc/an4_{train,test}.{fileids,transcription}` and `wav/an4_clstk/<speaker>/`, `wav/an4test_clstk/<speaker>/`
with one file an utterance: NIST sphere (`.sph`), headerless 16-bit in either byte order (`.raw`), `.wav` or `.flac`.
The lists decide what belongs to the corpus: other files are left alone.

Known faults: the published archives lack the utterances named `cen9` (withdrawn, they held social security numbers), so
figures on CMU's internal 1018 + 140 utterances do not compare. Only the training texts carry `<s>` and `</s>`, which
are taken away here. Letters are words of their own and numbers are spelt out, so that most words are short and one
letter counts as much as one date. Nothing says which byte order a `.raw` file has; see `big_endian`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from asr import audio
from asr.corpora.entries import Entry, timed
from asr.corpora.layout import AudioFiles, corpus_folder, lines, refuse
from asr.errors import CorpusError
from asr.types import Utterance

RATE_HZ = 16000
DEV_UTTERANCES = 100
EXTENSIONS = (".flac", ".wav", ".sph", ".raw")
AGAIN = "unpack the archive again"

_TRANSCRIPTION = re.compile(r"(?:<s>)?(?P<text>.*?)(?:</s>)?\s*\((?P<name>[^()\s]+)\)")
_NAME = re.compile(r"(?P<prompt>[^-/\s]+)-(?P<speaker>[^-/\s]+)-(?P<letter>[^-/\s]+)")


class An4:
    """The AN4 corpus."""

    name = "an4"
    licence = "CMU AN4 licence (BSD-like, free for any use)"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test; headerless audio is converted to WAV below `out / "audio"`."""
        folder = corpus_folder(source, self.name, "etc/an4_train.fileids")
        train, test = _entries(folder, "train"), _entries(folder, "test")
        _check(train, test, folder)
        headerless = [entry.audio for entry in (*train, *test) if entry.audio.suffix.lower() == ".raw"]
        high_byte_first = bool(headerless) and big_endian(headerless)
        utterances = timed([_readable(entry, out, high_byte_first) for entry in (*train, *test)])
        return {
            "train": utterances[DEV_UTTERANCES : len(train)],
            "dev": utterances[:DEV_UTTERANCES],
            "test": utterances[len(train) :],
        }


def big_endian(paths: Sequence[Path]) -> bool:
    """Say whether headerless 16-bit files have the high byte first, by listening to up to 20 of them.

    Neighbouring samples of speech lie close together; with the bytes swapped, the noise of the low byte becomes the
    high byte and they jump. The order with the smaller mean absolute difference of neighbours is taken, if the other
    has twice as much. Raises CorpusError where it has not (silence, white noise, or files that are no 16-bit samples).
    """
    chosen = paths[:: -(-len(paths) // 20)]
    jumps = {order: sum(_jump(path, order) for path in chosen) for order in ("<i2", ">i2")}
    if max(jumps.values()) <= 2 * min(jumps.values()):
        raise CorpusError(
            f"{chosen[0].parent}: the byte order of the .raw files cannot be told (mean step between samples "
            f"{jumps['<i2'] / len(chosen):.0f} and {jumps['>i2'] / len(chosen):.0f}); take the .sph archive"
        )
    return jumps[">i2"] < jumps["<i2"]


def _jump(path: Path, order: str) -> float:
    content = path.read_bytes()
    samples = np.frombuffer(content[: len(content) // 2 * 2], dtype=order).astype(np.float64)  # [T]
    return float(np.abs(np.diff(samples)).mean()) if len(samples) > 1 else 0.0


def _entries(folder: Path, split: str) -> list[Entry]:
    """Return the utterances of a published split, sorted by id."""
    fileids = folder / "etc" / f"an4_{split}.fileids"
    transcription = fileids.with_suffix(".transcription")
    stem_of = {Path(stem).name: stem for stem in _once(lines(fileids, An4.name), fileids)}
    texts = _texts(transcription)
    files = AudioFiles(folder / "wav", EXTENSIONS)
    path_of = {name: path for name, stem in stem_of.items() if (path := files.find(stem)) is not None}

    silent = [f"wav/{stem}.*" for name, stem in stem_of.items() if name not in path_of]
    refuse(silent, fileids, "no audio file for", f"one of {', '.join(EXTENSIONS)} is expected for each, {AGAIN}")
    textless = [name for name in stem_of if name not in texts]
    refuse(
        textless, fileids, "no text for", f"a line 'TEXT (NAME)' in {transcription.name} is expected for each, {AGAIN}"
    )
    unlisted = [name for name in texts if name not in stem_of]
    refuse(unlisted, transcription, f"{fileids.name} does not list", f"the same ones are expected in both, {AGAIN}")
    return sorted((_entry(name, texts[name], path_of[name], fileids) for name in stem_of), key=lambda entry: entry.id)


def _entry(name: str, text: str, path: Path, fileids: Path) -> Entry:
    match = _NAME.fullmatch(name)
    if match is None:
        raise CorpusError(f"{fileids}: {name!r} is not named <prompt>-<speaker>-<letter> like 'an251-fash-b'; {AGAIN}")
    return Entry(f"{match['speaker']}-{match['prompt']}-{match['letter']}", path, text, match["speaker"])


def _texts(path: Path) -> dict[str, str]:
    """Return the texts of a `.transcription` file by the utterance's name."""
    matches = []
    for line in lines(path, An4.name):
        match = _TRANSCRIPTION.fullmatch(line)
        if match is None:
            raise CorpusError(f"{path}: {line!r} is not a line like '<s> YES </s> (an251-fash-b)'; {AGAIN}")
        matches.append(match)
    _once([match["name"] for match in matches], path)
    return {match["name"]: match["text"].strip() for match in matches}


def _once(stems: list[str], path: Path) -> list[str]:
    counts = Counter(Path(stem).name for stem in stems)
    several = [name for name, count in counts.items() if count > 1]
    refuse(several, path, "more than one line for", f"one is expected for each, {AGAIN}")
    return stems


def _check(train: list[Entry], test: list[Entry], folder: Path) -> None:
    if len(train) <= DEV_UTTERANCES or not test:
        raise CorpusError(
            f"{folder}: lists {len(train)} training and {len(test)} test utterances where AN4 has 948 and 130 "
            f"(the first {DEV_UTTERANCES} for training become dev); {AGAIN}"
        )
    both = {entry.id for entry in train} & {entry.id for entry in test}
    refuse(sorted(both), folder, "train and test both list", f"each is expected in one, {AGAIN}")


def _readable(entry: Entry, out: Path, high_byte_first: bool) -> Entry:
    """Return an entry whose audio the package reads; headerless audio is converted below `out`."""
    if entry.audio.suffix.lower() != ".raw":
        return entry
    path = out / "audio" / f"{entry.id}.wav"
    audio.raw_to_wav(entry.audio, path, source_rate_hz=RATE_HZ, big_endian=high_byte_first)
    return replace(entry, audio=path)
