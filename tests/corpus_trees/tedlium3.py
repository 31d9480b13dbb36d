"""TED-LIUM 3: two talks for training, one each for dev and test, in segments."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, noise, sound, text

TALKS = {
    "train": {
        "911Mothers_2010W": (
            "0.0 0.1 <NA> so i 'd like to share it 's all",
            "0.1 0.2 <NA> with <unk> and <unk>",
            "0.2 0.25 <NA> <unk>",
            "0.25 9.0 <NA> the end",
        ),
        "AaronHuey_2010X": ("0.00 0.3 <NA> i 'm here today",),
    },
    "dev": {
        "AlGore_2009": (
            "0 0.05 <o,,unknown> ignore_time_segment_in_scoring",
            "0.05 0.30 <o,f0,male> last year(2) {NOISE} i showed [laughter] these <sil>",
        )
    },
    "test": {"AimeeMullins_2009P": ("0.1 0.2 <o,f0,female> we 're", "0.2 0.3 <o,f0,female> not")},
}
SECONDS = len(noise(20)) / 16000


def make(folder: Path) -> Path:
    root = folder / "TEDLIUM_release-3"
    for split, talks in TALKS.items():
        for talk, segments in talks.items():
            speaker = {False: talk, True: "inter_segment_gap"}
            lines = [f"{talk} 1 {speaker['ignore' in segment]} {segment}" for segment in segments]
            text(root / "legacy" / split / "stm" / f"{talk}.stm", ";; a comment\n" + "\n".join(lines) + " \r\n")
            sound(root / "legacy" / split / "sph" / f"{talk}.sph", 20)
    text(root / "legacy/train/stm/._AaronHuey_2010X.stm", "")
    text(root / "TEDLIUM.152k.dic", "a AH\n")
    return folder


TREES = {
    "tedlium3": Tree(
        make=make,
        splits={"train": 4, "dev": 1, "test": 2},
        apart=True,
        example=("train", "911Mothers_2010W-0.0-0.1", "so i'd like to share it's all", "911Mothers_2010W"),
        said=("no words: 1 of 5 utterances (911Mothers_2010W-0.2-0.25); left out",),
    )
}
