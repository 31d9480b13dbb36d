"""The Free Spoken Digit Dataset: three digits, and of every speaker twelve recordings of each."""

from __future__ import annotations

from pathlib import Path

import soundfile

from corpus_trees import Tree
from corpus_trees.an4 import voice

SPEAKERS = ("theo", "lucas", "jackson")


def make_fsdd(folder: Path, extension: str = "wav", speakers: tuple[str, ...] = SPEAKERS) -> Path:
    (folder / "recordings").mkdir(parents=True)
    for digit in (9, 0, 3):
        for speaker in speakers:
            for n in range(12):
                path = folder / "recordings" / f"{digit}_{speaker}_{n}.{extension}"
                soundfile.write(path, voice(n), 8000, format=extension.upper())
    return folder


TREES = {
    "fsdd": Tree(
        make=make_fsdd,
        splits={
            "train": 18,
            "dev": 45,
            "test": 45,
            **{f"loso/{speaker}/train": 42 for speaker in SPEAKERS},
            **{f"loso/{speaker}/dev": 30 for speaker in SPEAKERS},
            **{f"loso/{speaker}/test": 36 for speaker in SPEAKERS},
        },
        apart=False,
        example=("test", "0_jackson_0", "zero", "jackson"),
    )
}
