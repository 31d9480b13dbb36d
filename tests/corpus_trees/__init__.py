"""Small folders in exactly the layouts of the corpora, one file here for each preparer.

To add a corpus to the contract test: a file here with `TREES`, a dict from its name in `asr.corpora.CORPORA` to a
`Tree`. What a preparer must bear in silence (files of other kinds, byte-order marks, line ends of Windows, capitals in
extensions) belongs into the tree; what it must refuse belongs into the test file of the corpus.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from asr import corpora, manifest
from asr.types import Utterance

FORMS = {
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".opus": ("OGG", "OPUS"),
    ".sph": ("NIST", "PCM_16"),
    ".wav": ("WAV", "PCM_16"),
}


@dataclass(frozen=True)
class Tree:
    """A corpus in small and what is to come out of it.

    make: writes the corpus into a folder that is not there yet, and returns the folder to name as the source.
    splits: how many utterances each split is to have; no other split is to come out.
    apart: whether the corpus promises that no speaker is in two of train, dev and test.
    example: the split, id, text and speaker of one utterance.
    said: what stands on standard error, each at least once; nothing else may.
    """

    make: Callable[[Path], Path]
    splits: Mapping[str, int]
    apart: bool
    example: tuple[str, str, str, str]
    said: tuple[str, ...] = ()


def all_trees() -> dict[str, Tree]:
    """Return the trees of every file here by the name of the corpus."""
    trees: dict[str, Tree] = {}
    for module in pkgutil.iter_modules(__path__):
        trees |= importlib.import_module(f"{__name__}.{module.name}").TREES
    return trees


def noise(number: int, rate_hz: int = 16000) -> npt.NDArray[np.float64]:
    """Return a tenth of a second of noise, and a hundredth more for each number: [T]."""
    return np.random.default_rng(number).normal(0, 0.05, rate_hz // 10 + rate_hz // 100 * number)


def sound(path: Path, number: int = 0, rate_hz: int = 16000) -> None:
    """Write noise in the format that the extension says, and the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encoded(path.suffix.lower(), number, rate_hz))


@functools.cache
def _encoded(extension: str, number: int, rate_hz: int) -> bytes:
    form, subtype = FORMS[extension]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"noise{extension}"
        soundfile.write(path, noise(number, rate_hz), rate_hz, format=form, subtype=subtype)
        return path.read_bytes()


def text(path: Path, content: str, encoding: str = "utf-8") -> None:
    """Write a text as it is, and the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))


def edit(path: Path, old: str, new: str) -> None:
    """Replace what is in a text file."""
    content = path.read_bytes().decode()
    assert old in content
    path.write_bytes(content.replace(old, new).encode())


def prepared(name: str, source: Path, out: Path) -> dict[str, list[Utterance]]:
    """Prepare, and read every manifest back, which checks that its audio is there."""
    return {split: manifest.read(path) for split, path in corpora.prepare(name, source, out).items()}
