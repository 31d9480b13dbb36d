"""Multilingual LibriSpeech: the Opus archive of a language."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

IDS = {
    "train": ("10148_10119_000000", "10148_10119_000001", "4800_10003_000000"),
    "dev": ("2037_4649_000000",),
    "test": ("1054_1599_000000", "1054_1599_000001"),
}


def make(folder: Path, extension: str = ".opus") -> Path:
    root = folder / "mls_german_opus"
    text(root / "metainfo.txt", " SPEAKER   |   GENDER   | PARTITION  |  MINUTES   |  BOOK ID   | TITLE | CHAPTER\n")
    for split, ids in IDS.items():
        lines = [f"{name}\tdie größe von {name} ist's" for name in ids]
        text(root / split / "transcripts.txt", "\n".join(lines) + "\n")
        text(root / split / "segments.txt", "".join(f"{name}\thttp://archive.org/x.mp3\t1.0\t2.0\n" for name in ids))
        for number, name in enumerate(ids):
            speaker, book, _ = name.split("_")
            sound(root / split / "audio" / speaker / book / f"{name}{extension}", number)
    text(root / "train" / "limited_supervision" / "9hr" / "handles.txt", "4800_10003_000000\n")
    sound(root / "test/audio/1054/1599/1054_1599_000009.opus")  # of no line
    return folder


TREES = {
    "mls": Tree(
        make=make,
        splits={"train": 3, "dev": 1, "test": 2},
        apart=True,
        example=("train", "4800_10003_000000", "die größe von 4800_10003_000000 ist's", "4800"),
    )
}
