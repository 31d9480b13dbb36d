"""LJ Speech, and a collection of lines `id|text` with the audio as Opus."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

COUNT = 203
NUMBERED = 'He had £3 & 10s., or "so".|He had three pounds and ten shillings, or "so".'


def make_ljspeech(folder: Path) -> Path:
    root = folder / "LJSpeech-1.1"
    lines = [f"LJ001-{number:04d}|In {number}, a “quote”|In number {number}, a “quote”" for number in range(COUNT)]
    lines[0] = f"LJ001-0000|{NUMBERED}"
    lines[1] = "LJ001-0001|only what was printed|"
    text(root / "metadata.csv", "\n".join(lines) + "\n")
    text(root / "README", "The LJ Speech Dataset\n")
    for number in range(COUNT):
        sound(root / "wavs" / f"LJ001-{number:04d}.wav", number % 3, 22050)
    sound(root / "wavs" / "LJ050-9999.wav")  # version 1.0 had thirty recordings without a line
    return folder


def make_collection(folder: Path) -> Path:
    """Write what a Windows program made: byte-order mark, CRLF, extensions in the ids and in capitals."""
    lines = [f"satz_{number}.opus|Die Straße Nr. {number} heißt „Öde“, sagt er." for number in range(COUNT)]
    text(folder / "metadata.csv", "\r\n".join(lines) + "\r\n\r\n", "utf-8-sig")
    text(folder / "LICENSE", "CC0\n")
    for number in range(COUNT):
        sound(folder / "wavs" / f"satz_{number}.{'OPUS' if number % 2 else 'opus'}", number % 3, 24000)
    (folder / "wavs" / "._satz_1.opus").touch()
    return folder


TREES = {
    "ljspeech": Tree(
        make=make_ljspeech,
        splits={"train": COUNT - 200, "dev": 100, "test": 100},
        apart=False,
        example=("dev", "LJ001-0000", 'He had three pounds and ten shillings, or "so".', "LJ"),
    ),
    "kerstin-de": Tree(
        make=make_collection,
        splits={"train": COUNT - 200, "dev": 100, "test": 100},
        apart=False,
        example=("test", "satz_0", "Die Straße Nr. 0 heißt „Öde“, sagt er.", "kerstin"),
    ),
    "id-text": Tree(
        make=make_collection,
        splits={"train": COUNT - 200, "dev": 100, "test": 100},
        apart=False,
        example=("test", "satz_0", "Die Straße Nr. 0 heißt „Öde“, sagt er.", ""),
    ),
}
