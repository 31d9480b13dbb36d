"""Common Voice as of release 17: clips with their lengths, one of them empty, one without a sentence."""

from __future__ import annotations

from pathlib import Path

from asr import audio
from corpus_trees import Tree, sound, text

NAMES = (
    "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender accents variant locale segment"
)
TRAIN, DEV, TEST = 240, 2, 2
EMPTY, WORDLESS = "common_voice_de_7", "common_voice_de_8"
SENTENCES = {0: '"Ja', 1: '"Guten Tag." Sagt man das?', 2: "Zeile\u2028mit Trenner"}


def speaker(number: int) -> str:
    """Return the speaker of a clip: of the training clips two each are of one."""
    return f"{number // 2:0128x}"


def row(number: int, sentence: str) -> str:
    clip = f"common_voice_de_{number}.mp3"
    return "\t".join([speaker(number), clip, f"{number:064x}", sentence, "", "2", "0", "", "", "", "", "de", ""])


def table(path: Path, rows: list[str], end: str = "\n") -> None:
    text(path, end.join([NAMES.replace(" ", "\t"), *rows]) + end)


def make(folder: Path) -> Path:
    """Write clips 0 to 239 for train, 240 and 241 for dev, 242 and 243 for test, and 244 to 247 validated alone."""
    root = folder / "cv-corpus-17.0-2024-03-15" / "de"
    sentence = {number: SENTENCES.get(number, f"Satz Nummer {number}.") for number in range(248)}
    sentence |= {8: "", 244: sentence[242], 245: "Ein neuer Satz."}  # a test sentence in another voice
    rows = [row(number, sentence[number]) for number in range(246)]
    rows += [row(240, "Von jemandem in dev.").replace("_240.", f"_{number}.") for number in (246, 247)]
    table(root / "train.tsv", rows[:TRAIN])
    table(root / "dev.tsv", rows[240:242], end="\r\n")
    table(root / "test.tsv", rows[242:244])
    table(root / "validated.tsv", sorted(rows))
    table(root / "other.tsv", [])
    table(root / "invalidated.tsv", [row(999, "Falsch.")])
    text(root / "reported.tsv", "sentence_id\tsentence\tlocale\treason\n")
    lengths = write_clips(root / "clips")
    text(root / "clip_durations.tsv", "clip\tduration[ms]\n" + "".join(f"{name}\t{ms}\n" for name, ms in lengths))
    return folder


def write_clips(folder: Path) -> list[tuple[str, int]]:
    """Write a clip for every number, one of them empty; return their names and lengths in milliseconds."""
    sound(folder / "common_voice_de_0.mp3", 3, 48000)
    content = (folder / "common_voice_de_0.mp3").read_bytes()
    length_ms = round(audio.duration_s(folder / "common_voice_de_0.mp3") * 1000)
    names = [f"common_voice_de_{number}.mp3" for number in (*range(248), 999)]
    for name in names:
        (folder / name).write_bytes(content)
    (folder / f"{EMPTY}.mp3").write_bytes(b"")
    return [(name, 0 if name.startswith(f"{EMPTY}.") else length_ms) for name in names]


TREES = {
    "commonvoice": Tree(
        make=make,
        splits={"train": TRAIN - 2, "dev": DEV, "test": TEST, "validated": TRAIN - 2 + 1},
        apart=True,
        example=("train", "common_voice_de_1", '"Guten Tag." Sagt man das?', speaker(1)),
        said=(
            f"train.tsv: no sentence: 1 of 240 utterances ({WORDLESS}); left out",
            f"validated.tsv: no sentence: 1 of 248 utterances ({WORDLESS}); left out",
            f"audio that cannot be read: 1 of 244 utterances ({EMPTY}); left out",
        ),
    )
}
