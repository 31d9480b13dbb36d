"""LibriSpeech: a training folder, and two each for dev and test."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

PARTS = {
    "train-clean-100": ("103/1240", "19/198"),
    "dev-clean": ("1272/128104",),
    "dev-other": ("116/288045",),
    "test-clean": ("61/70968",),
    "test-other": ("367/130732",),
}


def make(folder: Path) -> Path:
    root = folder / "LibriSpeech"
    for part, chapters in PARTS.items():
        for chapter in chapters:
            prefix = chapter.replace("/", "-")
            lines = [f"{prefix}-{number:04d} NORTHANGER ABBEY {number}" for number in range(2)]
            text(root / part / chapter / f"{prefix}.trans.txt", "\r\n".join(lines))
            for number in range(2):
                sound(root / part / chapter / f"{prefix}-{number:04d}.flac", number)
    for name in ("README", "LICENSE", "SPEAKERS", "CHAPTERS", "BOOKS"):
        text(root / f"{name}.TXT", "; about readers and books\n")
    (folder / "train-clean-100.tar.gz").touch()
    return folder


TREES = {
    "librispeech": Tree(
        make=make,
        splits={"train": 4, "dev": 2, "dev-other": 2, "test": 2, "test-other": 2},
        apart=True,
        example=("train", "19-198-0000", "NORTHANGER ABBEY 0", "19"),
    )
}
