"""AN4, in every form that it is published in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from corpus_trees import Tree

Samples = npt.NDArray[np.int16]
SPEAKERS = ("mzed", "fash", "mblw", "flmm2")
TRAIN, TEST = 104, 3


def voice(seed: int) -> Samples:
    """Return 50 to 100 ms of smooth noise, which is to neighbouring samples what speech is."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 300, rng.integers(800, 1600))
    return np.clip(np.cumsum(steps) - np.linspace(0, steps.sum(), len(steps)), -32768, 32767).astype(np.int16)  # [T]


def sphere(path: Path, samples: Samples, order: str) -> None:
    """Write a file as NIST describes it: 1024 bytes of header, then the samples."""
    header = (
        "NIST_1A\n   1024\n"
        f"sample_count -i {len(samples)}\nsample_n_bytes -i 2\nchannel_count -i 1\n"
        f"sample_byte_format -s2 {'01' if order == '<i2' else '10'}\nsample_rate -i 16000\nsample_coding -s3 pcm\n"
        "end_head\n"
    )
    path.write_bytes(header.encode().ljust(1024) + samples.astype(order).tobytes())


FORMS: dict[str, tuple[str, Callable[[Path, Samples], object]]] = {
    "sphere": (".sph", lambda path, samples: sphere(path, samples, "<i2")),
    "sphere, high byte first": (".sph", lambda path, samples: sphere(path, samples, ">i2")),
    "littleendian": (".raw", lambda path, samples: path.write_bytes(samples.astype("<i2").tobytes())),
    "bigendian": (".raw", lambda path, samples: path.write_bytes(samples.astype(">i2").tobytes())),
    "wav": (".wav", lambda path, samples: soundfile.write(path, samples, 16000, format="WAV")),
    "flac": (".flac", lambda path, samples: soundfile.write(path, samples, 16000, format="FLAC")),
    "upper case": (".WAV", lambda path, samples: soundfile.write(path, samples, 16000, format="WAV")),
}


def entries(split: str) -> Iterator[tuple[str, str, str, Samples]]:
    """Yield stem, id, line of the transcription and samples of every utterance, in no order."""
    folder, count = ("an4_clstk", TRAIN) if split == "train" else ("an4test_clstk", TEST)
    for number in range(count):
        speaker = SPEAKERS[number % len(SPEAKERS)] if split == "train" else "mtst"
        name = f"an{number}-{speaker}-b"
        text = f"<s> WORD {number} </s> ({name})" if split == "train" else f"WORD {number} ({name})"
        yield f"{folder}/{speaker}/{name}", f"{speaker}-an{number}-b", text, voice(number + (split == "test") * 1000)


def make_an4(folder: Path, form: str = "wav") -> Path:
    extension, write = FORMS[form]
    (folder / "etc").mkdir(parents=True)
    for split in ("train", "test"):
        stems, texts = [], []
        for stem, _, text, samples in entries(split):
            path = folder / "wav" / f"{stem}{extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, samples)
            stems.append(stem)
            texts.append(text)
        (folder / "etc" / f"an4_{split}.fileids").write_text("\n".join(stems) + "\n")
        (folder / "etc" / f"an4_{split}.transcription").write_text("\n".join(texts) + "\n")
    return folder


TREES = {
    "an4": Tree(
        make=lambda folder: make_an4(folder, "bigendian"),
        splits={"train": 4, "dev": 100, "test": 3},
        apart=False,  # of 74 speakers dev gets eight whole ones; of four it does not
        example=("test", "mtst-an0-b", "WORD 0", "mtst"),
    )
}
