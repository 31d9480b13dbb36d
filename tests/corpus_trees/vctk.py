"""VCTK 0.92 and 0.80, with what they lack."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

SPEAKERS = ("p225", "p226", "p227", "p280", "p362", "s5")


def make(folder: Path) -> Path:
    """Write version 0.92: p315 has no texts, p280 one microphone, p362 lacks a recording."""
    root = folder / "VCTK-Corpus-0.92"
    for speaker in SPEAKERS:
        for number in (1, 2):
            name = f"{speaker}_{number:03d}"
            text(root / "txt" / speaker / f"{name}.txt", f"Please call Stella, {number}.\n")
            if name == "p362_002":
                continue
            for microphone in (1,) if speaker == "p280" else (1, 2):
                sound(root / "wav48_silence_trimmed" / speaker / f"{name}_mic{microphone}.flac", number, 48000)
    sound(root / "wav48_silence_trimmed" / "p315" / "p315_001_mic1.flac", 0, 48000)
    text(root / "wav48_silence_trimmed" / "log.txt", "")
    text(root / "speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\n")
    return root


def make_80(folder: Path) -> Path:
    """Write version 0.80: no final line feed, p315 without texts, one headerless recording."""
    root = folder / "VCTK-Corpus"
    for speaker in (*SPEAKERS[:4], "p376"):
        text(root / "txt" / speaker / f"{speaker}_001.txt", "Please call Stella.", "utf-8-sig")
        sound(root / "wav48" / speaker / f"{speaker}_001.wav", 1, 48000)
    text(root / "txt/p376/p376_295.txt", "Nothing more.")
    (root / "wav48/p376/p376_295.raw").write_bytes(bytes(9600))
    sound(root / "wav48/p315/p315_001.wav", 0, 48000)
    return root


TREES = {
    "vctk": Tree(
        make=make,
        splits={"train": 8, "dev": 1, "test": 2},
        apart=True,
        example=("train", "p225_001", "Please call Stella, 1.", "p225"),
        said=(
            "p315: its texts were lost by the makers of the corpus; left out",
            "no audio file: 1 of 12 utterances (p362_002); left out",
        ),
    )
}
