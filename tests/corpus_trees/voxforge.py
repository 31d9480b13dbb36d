"""VoxForge: archives as many hands have made them."""

from __future__ import annotations

from pathlib import Path

from corpus_trees import Tree, sound, text

NAMES = ("a0001", "a0002", "a0003", "a0004")


def archive(folder: Path, prompts: str, *, extension: str = ".wav", names: tuple[str, ...] = NAMES) -> Path:
    """Write recordings and, for each, the line that `prompts` makes of its name."""
    for number, name in enumerate(names):
        sound(folder / extension[1:].lower() / f"{name}{extension}", number)
    lines = [prompts.format(name=name, folder=folder.name) for name in names]
    text(folder / "etc" / "PROMPTS", "\n".join(lines) + "\n")
    text(folder / "etc" / "README", f"User Name:{folder.name.split('-')[0]}\n\nGender: Male\n")
    text(folder / "LICENSE", "GNU GENERAL PUBLIC LICENSE\n")
    return folder


def make(folder: Path) -> Path:
    main = folder / "Main" / "16kHz_16bit"
    archive(main / "1snoke-20120412-hge", "{folder}/mfc/{name} IT'S {name}")
    archive(main / "1snoke-20130101-abc", "*/{name} SECOND TIME", extension=".flac")
    archive(main / "Aaron-20080318-kdl", "../../../Audio/MFCC/8kHz_16bit/MFCC_0_D/Aaron-20080318-kdl/mfc/{name}\tTABS")
    archive(main / "anonymous-20080101-aaa", "{name} SOMEBODY")
    archive(main / "anonymous-20080102-bbb", "{name}.wav SOMEBODY ELSE")
    archive(main / "ralfherzog-20071220-de34" / "ralfherzog-20071220-de34", "{name} INNER FOLDER")
    archive(main / "tim-20090909-x_y" / "Audio", "{name} OF ANOTHER NAME")
    latin = archive(main / "ulf-20100101-wxy", "{name} GRÖSSE")
    text(latin / "etc" / "PROMPTS", "".join(f"{name} „Größe\u2019s“ zählt\r\n" for name in NAMES), "cp1252")
    original = archive(main / "vera-20100101-zzz", "{name} x")
    (original / "etc" / "PROMPTS").unlink()
    text(original / "etc" / "prompts-original", "".join(f"{name.upper()} Wie sie's las.\n" for name in NAMES))
    upper = archive(main / "WALT-20100101-abc", "{name} CAPITALS", extension=".WAV")
    sound(upper / "wav" / "b0999.wav")  # of no line
    (upper / "wav" / "a0004.WAV").write_bytes(b"")
    text(main / "xaver-20100101-nop" / "etc" / "README", "neither texts nor audio\n")
    return folder


TREES = {
    "voxforge": Tree(
        make=make,
        splits={"train": 32, "dev": 3, "test": 4},
        apart=True,
        example=("train", "1snoke-20120412-hge-a0001", "IT'S a0001", "1snoke"),
        said=(
            "no text: 1 of 41 utterances (WALT-20100101-abc-b0999); left out",
            "audio that cannot be read: 1 of 40 utterances (WALT-20100101-abc-a0004); left out",
        ),
    )
}
