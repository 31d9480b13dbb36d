"""YesNo: sixty recordings, and the files that are really beside them."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text


def make(folder: Path) -> Path:
    for number in range(60):
        name = "_".join(f"{number * 4:08b}")
        sound(folder / "waves_yesno" / f"{name}.wav", number % 3, 8000)
    text(folder / "waves_yesno" / "README", "sixty recordings\n")
    text(folder / "waves_yesno" / "README~", "sixty\n")
    return folder


TREES = {
    "yesno": Tree(
        make=make,
        splits={"train": 40, "dev": 10, "test": 10},
        apart=False,
        example=("dev", "0_0_0_1_0_0_0_0", "NO NO NO YES NO NO NO NO", "yesno"),
    )
}
