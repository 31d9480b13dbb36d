"""ST-CMDS: one folder for all, a number with both letters, and texts that end without a line feed."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

ROOT = "ST-CMDS-20170001_1-OS"
# printf 1:P00001 | sha256sum, and so on: the order is 1, 2, 3, 4.
NAMES = (
    "20170001P00001A0001",
    "20170001P00001I0001",
    "20170001P00002A0001",
    "20170001P00003I0120",
    "20170001P00004A0001",
    "20170001P00004A0002",
)
SENTENCES = ("打开后备箱", "今天天气怎么样\N{FULLWIDTH COMMA}明天呢", "OK停止播放")


def make(folder: Path) -> Path:
    for number, name in enumerate(NAMES):
        sound(folder / ROOT / f"{name}.wav", number)
        text(folder / ROOT / f"{name}.txt", SENTENCES[number % len(SENTENCES)])
        text(folder / ROOT / f"{name}.metadata", "SEX 女\nBIR 北京\n", "gbk" if number % 2 else "utf-8")
    text(folder / ROOT / f"._{NAMES[0]}.wav", "")
    return folder


TREES = {
    "st_cmds": Tree(
        make=make,
        splits={"train": 3, "dev": 1, "test": 2},
        apart=True,
        example=("test", "20170001P00001I0001", SENTENCES[1], "P00001"),
    )
}
