"""TIMIT, the DARPA acoustic-phonetic corpus.

Story: texts by MIT and SRI, recorded at Texas Instruments, transcribed at MIT, published by NIST in 1990 (J. Garofolo
et al., LDC93S1). 630 speakers of eight dialect regions of American English read ten sentences each in a quiet booth,
and every sound was marked by hand. 16 kHz, 16 bit, mono.

Licence: that of the LDC, which every user signs and pays for; so this reads the user's own copy.

Size: 6,300 utterances, 5.4 h; without the SA sentences train 3,696 (462 speakers, 3.1 h), dev 400 (50, 0.34 h), test
192 (24, 0.16 h).

Splits: `train` as published; `test` = NIST's core test set, two men and a woman of each region; `dev` = the fifty other
test speakers that Kaldi and most papers take; `test-complete` = all 168 test speakers, dev and test among them. The two
SA sentences, which everybody reads, are left out of all. `phones48/<split>` and `phones39/<split>` hold the same
utterances with phones as text, for `rules = "none"` and `tokenizer = "word"`: training with 48 phones and scoring with
39 is usual (K.-F. Lee and H.-W. Hon, "Speaker-independent phone recognition using hidden Markov models", 1989; `TO_48`,
`TO_39`).

Layout: `{TRAIN,TEST}/DR<region>/<speaker>/<sentence>` with `.WAV` (NIST sphere, or RIFF in some copies), `.TXT`, `.WRD`
and `.PHN`, all in capitals or all in small letters. The text is that of `.TXT`, else the words of `.WRD`. In the
manifests, `phones` (and `words` where there is a `.WRD`) are lists of start, end (seconds) and label as in these files.
Ids are in small letters (`fcjf0-si1027`).

Known faults: the other test speakers, those of dev too, read the same SX sentences as the core test, so a language
model must see neither. The marks leave out or overlap a few samples here and there. Some copies have an `SA1.WAV.wav`
beside `SA1.WAV`, which is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from asr.corpora.entries import Entry, timed
from asr.corpora.layout import corpus_folder, lines, named
from asr.errors import CorpusError
from asr.types import Utterance

RATE_HZ = 16000
MARK = "[Tt]*/[Dd][Rr]1/*"  # capitals or small letters
AGAIN = "take the whole corpus"
CORE = (
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 "
    "mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0"
)
DEV = (
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 fedw0 mgjf0 "
    "mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 mdvc0 mers0 fmah0 fdrw0 "
    "mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 mteb0 mjfc0 mrjr0 fmml0 mrws1"
)
PHONES = (
    "iy ih eh ey ae aa aw ay ah ao oy ow uh uw ux er ax ix axr ax-h b d g p t k dx q bcl dcl gcl pcl tcl kcl "
    "jh ch s sh z zh f th v dh m n ng em en eng nx l r w y hh hv el pau epi h#"
)
# What changes from the 61 phones to 48, and from these to 39; the glottal stop (q) falls away.
TO_48 = {
    **{"ux": "uw", "axr": "er", "ax-h": "ax", "em": "m", "nx": "n", "eng": "ng", "hv": "hh", "q": ""},
    **{"bcl": "vcl", "dcl": "vcl", "gcl": "vcl", "pcl": "cl", "tcl": "cl", "kcl": "cl", "h#": "sil", "pau": "sil"},
}
TO_39 = {
    **{"ao": "aa", "ax": "ah", "ix": "ih", "el": "l", "en": "n", "zh": "sh"},
    **{"cl": "sil", "vcl": "sil", "epi": "sil"},
}
FOLDINGS = {"phones48": (TO_48,), "phones39": (TO_48, TO_39)}

Span = tuple[float, float, str]

_SENTENCE = re.compile(r"s[ix][0-9]+\.wav", re.IGNORECASE)


class Timit:
    """The TIMIT corpus."""

    name = "timit"
    licence = "LDC93S1: the LDC's user agreement"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev, the core test, the complete test, and each with phones as text; nothing is converted."""
        folder = corpus_folder(source, self.name, MARK)
        train, test = _utterances(folder, "train"), _utterances(folder, "test")
        splits = {
            "train": train,
            "dev": _of(DEV.split(), test, folder),
            "test": _of(CORE.split(), test, folder),
            "test-complete": test,
        }
        for kind, foldings in FOLDINGS.items():
            splits |= {f"{kind}/{split}": [_spelt(each, foldings) for each in splits[split]] for split in self.splits}
        return splits


def _spelt(utterance: Utterance, foldings: Sequence[Mapping[str, str]]) -> Utterance:
    """Return an utterance with its phones, folded one time after another, as text."""
    spans = utterance.extra["phones"]
    assert isinstance(spans, list)
    phones = [label for _, _, label in spans]
    for folding in foldings:
        phones = [folded for phone in phones if (folded := folding.get(phone, phone))]
    return replace(utterance, text=" ".join(phones))


def _of(speakers: list[str], utterances: list[Utterance], folder: Path) -> list[Utterance]:
    absent = sorted(set(speakers) - {utterance.speaker for utterance in utterances})
    if absent:
        raise CorpusError(f"{folder}: has no utterances of the test speakers {named(absent)}; {AGAIN}")
    return [utterance for utterance in utterances if utterance.speaker in speakers]


def _utterances(folder: Path, part: str) -> list[Utterance]:
    """Return the SI and SX sentences of train or test by speaker and sentence."""
    parts = [path for path in folder.iterdir() if path.name.lower() == part]
    recordings = [path for path in parts for path in path.glob("*/*/[!.]*") if _SENTENCE.fullmatch(path.name)]
    if not recordings:
        raise CorpusError(f"{folder}: has no {part.upper()}/DR1/FCJF0/SI1027.WAV or the like; {AGAIN}")
    return timed(sorted(map(_entry, recordings), key=lambda entry: entry.id))


def _entry(path: Path) -> Entry:
    speaker = path.parent.name.lower()
    beside = {other.suffix.lower(): other for other in path.parent.glob(f"{path.stem}.*")}
    if ".phn" not in beside or not beside.keys() & {".txt", ".wrd"}:
        raise CorpusError(f"{path}: has no {path.stem}.PHN, or neither .TXT nor .WRD, beside it; {AGAIN}")
    marks: dict[str, list[Span]] = {"phones": _spans(beside[".phn"])}
    unknown = sorted({label for _, _, label in marks["phones"]} - set(PHONES.split()))
    if unknown:
        raise CorpusError(f"{beside['.phn']}: {named(unknown)}: not among the 61 phones of TIMIT; {AGAIN}")
    if ".wrd" in beside:
        marks["words"] = _spans(beside[".wrd"])
    spoken = _spans(beside[".txt"]) if ".txt" in beside else marks["words"]
    text = " ".join(label for _, _, label in spoken)
    return Entry(f"{speaker}-{path.stem.lower()}", path, text, speaker, marks)


def _spans(path: Path) -> list[Span]:
    """Return start and end in seconds and label of every line, which has them in samples."""
    spans = []
    for line in lines(path, Timit.name):
        start, end, label = [*line.split(maxsplit=2), "", ""][:3]
        if not (start.isdecimal() and end.isdecimal() and label):
            raise CorpusError(f"{path}: {line!r} is not a line like '0 3050 h#'; {AGAIN}")
        spans.append((int(start) / RATE_HZ, int(end) / RATE_HZ, label))
    return spans
