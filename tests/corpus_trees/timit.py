"""TIMIT: every speaker of dev and the core test, in capitals or small letters, as sphere or RIFF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpus_trees import Tree, sound, text

# NIST's core test set by region, and the speakers that Kaldi takes for dev, sorted.
CORE = {
    1: ("mdab0", "mwbt0", "felc0"),
    2: ("mtas1", "mwew0", "fpas0"),
    3: ("mjmp0", "mlnt0", "fpkt0"),
    4: ("mlll0", "mtls0", "fjlm0"),
    5: ("mbpm0", "mklt0", "fnlp0"),
    6: ("mcmj0", "mjdh0", "fmgd0"),
    7: ("mgrt0", "mnjm0", "fdhc0"),
    8: ("mjln0", "mpam0", "fmld0"),
}
_DEV = """
    fadg0 faks0 fcal1 fcmh0 fdac1 fdms0 fdrw0 fedw0 fgjd0 fjem0 fjmg0 fjsj0 fkms0 fmah0 fmml0 fnmr0 frew0 fsem0
    majc0 mbdg0 mbns0 mbwm0 mcsh0 mdlf0 mdls0 mdvc0 mers0 mgjf0 mglb0 mgwt0 mjar0 mjfc0 mjsw0 mmdb1 mmdm2 mmjr0
    mmwh0 mpdf0 mrcs0 mreb0 mrjm4 mrjr0 mroa0 mrtk0 mrws1 mtaa0 mtdt0 mteb0 mthc0 mwjg0
"""
DEV = _DEV.split()
OTHER = "mdbb0"  # a test speaker who is in neither
PHONES = ("h#", "sh", "ix", "hv", "eh", "dcl", "jh", "axr", "q", "aa", "kcl", "k", "ao", "epi", "zh", "pau", "h#")
WORDS = ("she", "had", "your")
COUNTS = {"train": 3, "dev": 50, "test": 24}


def sphere(path: Path, number: int) -> None:
    sound(path.with_suffix(".sph"), number)
    path.with_suffix(".sph").rename(path)


def make(folder: Path, *, capitals: bool = True, write: Callable[[Path, int], None] = sphere) -> Path:
    places = ["train/dr1/fcjf0/si1027", "train/dr1/fcjf0/sx37", "train/dr1/fcjf0/sa1", "train/dr4/mdac0/sx451"]
    places += [f"test/dr{region}/{speaker}/sx139" for region, part in CORE.items() for speaker in part]
    places += [f"test/dr{number % 8 + 1}/{speaker}/sx139" for number, speaker in enumerate((*DEV, OTHER))]
    case = str.upper if capitals else str.lower
    root = folder / case("timit")
    for number, place in enumerate(places):
        stem = root / case(place)
        write(stem.with_suffix(case(".wav")), number % 10)
        text(stem.with_suffix(case(".txt")), "0 1600 She had your dark suit.\n")
        text(stem.with_suffix(case(".wrd")), spans(WORDS, 200))
        text(stem.with_suffix(case(".phn")), spans(PHONES, 40))
    sphere(root / case("train/dr1/fcjf0") / f"{case('sx37.wav')}.wav", 1)  # as some copies have it
    text(root / case("train/dr1/fcjf0") / f"._{case('sx37.wav')}", "")
    text(root / case("doc/spkrinfo.txt"), "; about the speakers\n")
    return folder


def spans(labels: tuple[str, ...], samples: int) -> str:
    """Return a line for each label, one after another, all of the same length."""
    return "".join(f"{number * samples} {(number + 1) * samples} {label}\n" for number, label in enumerate(labels))


TREES = {
    "timit": Tree(
        make=make,
        splits=COUNTS
        | {"test-complete": 75}
        | {f"{kind}/{split}": count for kind in ("phones48", "phones39") for split, count in COUNTS.items()},
        apart=True,
        example=("train", "fcjf0-sx37", "She had your dark suit.", "fcjf0"),
    )
}
