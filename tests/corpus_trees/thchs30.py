"""THCHS-30: data, and the splits as links to it."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

NAMES = {"train": ("A11_0", "A11_10", "C22_511"), "dev": ("A11_2", "C22_596"), "test": ("D8_999", "D11_750")}
SENTENCES = ("绿 是 阳春 烟 景 大块 文章 的 底色", "他 仅 凭 腰部 的 力量 l =", "钱 有财 的 葬礼")
SOUNDS = "lv4 shi4 yang2 chun1\nl v4 sh ix4 ii iang2 ch un1\n"


def make(folder: Path) -> Path:
    root = folder / "data_thchs30"
    for number, name in enumerate(name for part in NAMES.values() for name in part):
        sound(root / "data" / f"{name}.wav", number)
        text(root / "data" / f"{name}.wav.trn", f"{SENTENCES[number % len(SENTENCES)]}\n{SOUNDS}")
    for split, part in NAMES.items():
        (root / split).mkdir()
        for name in part:
            for extension in (".wav", ".wav.trn"):
                (root / split / f"{name}{extension}").symlink_to(Path("../data") / f"{name}{extension}")
    text(root / "data" / "._A11_0.wav", "")
    text(root / "train" / "._A11_0.wav", "")
    text(root / "lm_word" / "lexicon.txt", "绿 l v4\n")
    text(root / "README.TXT", "about this data\n")
    return folder


TREES = {
    "thchs30": Tree(
        make=make,
        splits={"train": 3, "dev": 2, "test": 2},
        apart=False,
        example=("dev", "C22_596", "他 仅 凭 腰部 的 力量", "C22"),
    )
}
