"""AISHELL-1: every archive unpacked and left in its place, and one recording without text."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

TEXTS = "transcript/aishell_transcript_v0.8.txt"
COUNTS = {("train", "S0002"): 12, ("train", "S0003"): 4, ("dev", "S0724"): 3, ("test", "S0764"): 3}
TEXTLESS = "BAC009S0003W0999"
SENTENCES = (
    "而 对 楼市 成交 抑制 作用 最 大 的 限 购",
    "T C L 公司 \N{FULLWIDTH LATIN SMALL LETTER K} 歌",
    "[n]一辆 黑色 小轿车",
)


def make(folder: Path) -> Path:
    root, lines = folder / "data_aishell", []
    for (split, speaker), count in COUNTS.items():
        for number in range(count):
            name = f"BAC009{speaker}W{122 + number:04d}"
            sound(root / "wav" / split / speaker / f"{name}.wav", number)
            lines.append(f"{name} {SENTENCES[number % len(SENTENCES)]}")
        text(root / "wav" / f"{speaker}.tar.gz", "")
    sound(root / "wav/train/S0003" / f"{TEXTLESS}.wav")
    text(root / "wav/train/S0003" / f"._{TEXTLESS}.wav", "")
    text(root / TEXTS, "\n".join(lines) + "\n")
    text(folder / "data_aishell.tgz", "")
    return folder


TREES = {
    "aishell1": Tree(
        make=make,
        splits={"train": 16, "dev": 3, "test": 3},
        apart=True,
        example=("dev", "BAC009S0724W0124", "一辆 黑色 小轿车", "S0724"),
        said=(f"no text: 1 of 23 utterances ({TEXTLESS}); left out",),
    )
}
