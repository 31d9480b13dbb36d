"""Speech Commands 0.02: three words of four speakers."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

WORDS = ("bed", "happy", "visual")
SPEAKERS = ("0a7c2a8d", "1b4c9b89", "c1d39ce8", "fff0e1d2")


def make(folder: Path) -> Path:
    for word in WORDS:
        for number, speaker in enumerate(SPEAKERS):
            sound(folder / word / f"{speaker}_nohash_0.wav", number)
    sound(folder / "bed" / "0a7c2a8d_nohash_1.wav", 1)
    (folder / "bed" / ".DS_Store").touch()
    sound(folder / "_background_noise_" / "white_noise.wav", 9)
    text(folder / "_background_noise_" / "README.md", "noise\n")
    text(folder / "validation_list.txt", "".join(f"{word}/c1d39ce8_nohash_0.wav\n" for word in WORDS))
    text(folder / "testing_list.txt", "".join(f"{word}/fff0e1d2_nohash_0.wav\r\n" for word in WORDS[1:]), "utf-8-sig")
    (folder / "bed" / "fff0e1d2_nohash_0.wav").unlink()
    return folder


TREES = {
    "speech_commands": Tree(
        make=make,
        splits={"train": 7, "dev": 3, "test": 2},
        apart=True,
        example=("train", "bed-0a7c2a8d_nohash_1", "bed", "0a7c2a8d"),
    )
}
