"""MAGICDATA: marks of noises, an utterance of nothing else, a bad recording, and one that is not listed."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

COUNTS = {("train", "14_3466"): 18, ("train", "16_4013"): 3, ("dev", "5_541"): 3, ("test", "38_5837"): 3}
NOISE, BAD = "16_4013_20170826171999", "16_4013_20170819121429"
SENTENCES = ("请搜索我附近的超市", "[FIL]播放一首\N{FULLWIDTH COMMA}周杰伦的歌", "我想听SPK ABC")
COLUMNS = "UtteranceID\tSpeakerID\tTranscription\n"


def make(folder: Path) -> Path:
    lists = dict.fromkeys(("train", "dev", "test"), COLUMNS)
    for (split, speaker), count in COUNTS.items():
        for number in range(count):
            name = f"{speaker}_{20170826171404 + number}"
            sound(folder / split / speaker / f"{name}.wav", number)
            lists[split] += f"{name}.wav\t{speaker}\t{SENTENCES[number % len(SENTENCES)]}\n"
    sound(folder / "train/16_4013" / f"{NOISE}.wav")
    lists["train"] += f"{NOISE}.wav\t16_4013\t[FIL] [SPK]\n"
    text(folder / "train/16_4013" / f"{BAD}.wav", "")
    lists["train"] += f"{BAD}.wav\t16_4013\t然后呢\n"
    sound(folder / "dev/5_541/5_541_20170826999999.wav")
    text(folder / "dev/5_541/._5_541_20170826171404.wav", "")
    for split, content in lists.items():
        text(folder / split / "TRANS.txt", content)
    text(folder / "SPKINFO.txt", "SPKID\tAge\tGender\tDialect\n")
    return folder


TREES = {
    "magicdata": Tree(
        make=make,
        splits={"train": 21, "dev": 3, "test": 3},
        apart=True,
        example=("dev", "5_541_20170826171405", "播放一首\N{FULLWIDTH COMMA}周杰伦的歌", "5_541"),
        said=(
            f"said to be bad: 1 of 23 utterances ({BAD}); left out",
            f"nothing but noise: 1 of 23 utterances ({NOISE}); left out",
        ),
    )
}
