"""Primewords: a recording that is listed twice, and one that is not listed."""

from __future__ import annotations

import json
from pathlib import Path

from corpus_trees import Tree, sound, text

ROOT = "primewords_md_2018_set1"
LIST = f"{ROOT}/set1_transcript.json"
# Name and speaker; printf 1:39 | sha256sum, and so on: the order of the speakers is 39, 7, 296, 101.
RECORDINGS = {
    "0a1b2c3d-1": "101",
    "0a1f0000-2": "7",
    "9c000000-3": "39",
    "9c000000-4": "296",
    "f0000000-5": "39",
}


def make(folder: Path) -> Path:
    records = []
    for number, (name, speaker) in enumerate(RECORDINGS.items()):
        sound(folder / ROOT / "audio_files" / name[0] / name[:2] / f"{name}.wav", number)
        records.append(record(name, speaker, f"这 是 第 {number} 句"))
    records.append(record("0a1b2c3d-1", "101", "又 一 次"))
    sound(folder / ROOT / "audio_files/f/ff/ffffffff-9.wav")
    text(folder / ROOT / "audio_files/f/f0/._f0000000-5.wav", "")
    text(folder / LIST, json.dumps(records, ensure_ascii=False))
    return folder


def record(name: str, speaker: str, words: str) -> dict[str, str]:
    return {"id": name[-1], "file": f"{name}.wav", "user_id": speaker, "length": "3.5", "text": words}


TREES = {
    "primewords": Tree(
        make=make,
        splits={"train": 2, "dev": 1, "test": 2},
        apart=True,
        example=("train", "0a1b2c3d-1", "这 是 第 0 句", "101"),
    )
}
