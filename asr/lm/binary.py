"""Binaries of n-gram models: arrays that are mapped into memory as they are, so that opening takes milliseconds.

    magic (8 bytes), version, length and CRC-32 of the header (3 x uint32), header, arrays

All numbers are little-endian. The header is JSON: what is not an array, and of each array its type, its length, and
where it begins, counted from the end of the header. Spaces fill the header up so that every array begins at a multiple
of 64 bytes, a cache line. Processes that map the same file share its pages.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr.errors import LanguageModelError
from asr.files import existing_file, replacing
from asr.lm.model import LanguageModel
from asr.lm.words import Words
from asr.ngrams import Ngrams, WordTrie

MAGIC = b"\x8aasr-lm\n"  # not ASCII, and with a line end, so that a transfer as text is noticed
VERSION = 1
PREFIX = struct.Struct("<8s3I")
ALIGNMENT = 64
FIELDS = ("name", "order", "bos", "eos", "unk", "closed")

Arrays = dict[str, npt.NDArray[Any]]


def is_binary(path: str | Path) -> bool:
    """Tell whether a file begins as a binary of ours, of any version."""
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def save(model: LanguageModel, path: str | Path) -> None:
    """Write a model whole or not at all; raises OutputError."""
    arrays = _arrays(model)
    header: dict[str, Any] = {field: getattr(model, field) for field in FIELDS}
    header["arrays"], header["size"] = _layout(arrays)
    content = json.dumps(header).encode()
    content = content.ljust(_aligned(PREFIX.size + len(content)) - PREFIX.size)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(PREFIX.pack(MAGIC, VERSION, len(content), zlib.crc32(content)))
        file.write(content)
        for name, (_, _, start) in header["arrays"].items():
            file.seek(PREFIX.size + len(content) + start)
            arrays[name].tofile(file)


def open(path: str | Path) -> LanguageModel:
    """Return the model of a binary, mapped into memory: what is not asked for is not read.

    Raises MissingFile, and LanguageModelError for a file that is not ours, of another version, or cut off. The content
    of the arrays is not checked.
    """
    path = existing_file(path, "language model")
    header, start = _header(path)
    if path.stat().st_size != start + header["size"]:
        raise LanguageModelError(
            f"{path}: has {path.stat().st_size} bytes, not {start + header['size']}; it was cut off or changed: "
            "copy it again"
        )
    # Copy on write: arrays that could be written to need no other compiled code than those in memory.
    mapped = np.memmap(path, np.uint8, mode="c", offset=0).view(np.ndarray)[start:]
    arrays = {
        name: mapped[first : first + length * np.dtype(kind).itemsize].view(kind)
        for name, (kind, length, first) in header["arrays"].items()
    }
    return LanguageModel(
        words=Words(**_group(arrays, "words")),
        ngrams=Ngrams(**_group(arrays, "ngrams")),
        trie=WordTrie(**_group(arrays, "trie")),
        **{field: header[field] for field in FIELDS},
    )


def _arrays(model: LanguageModel) -> Arrays:
    """Return all arrays of a model by name, in the types that they have in the file."""
    words = {"text": model.words.text, "ends": model.words.ends}
    groups = {"words": words, "ngrams": model.ngrams._asdict(), "trie": model.trie._asdict()}
    return {
        f"{group}.{name}": array.astype(array.dtype.newbyteorder("<"), copy=False)
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }


def _group(arrays: Arrays, group: str) -> Arrays:
    return {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{group}.")}


def _layout(arrays: Arrays) -> tuple[dict[str, tuple[str, int, int]], int]:
    """Return of each array its type, its length and where it begins, and the size of all."""
    layout: dict[str, tuple[str, int, int]] = {}
    end = 0
    for name, array in arrays.items():
        start = _aligned(end)
        layout[name] = (array.dtype.str, len(array), start)
        end = start + array.nbytes
    return layout, end


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a binary and the place where its arrays begin."""
    with path.open("rb") as file:
        prefix = file.read(PREFIX.size)
        if prefix[: len(MAGIC)] != MAGIC:
            raise LanguageModelError(f"{path}: is no binary language model; make one with 'asr lm build'")
        if len(prefix) < PREFIX.size:
            raise LanguageModelError(f"{path}: ends within its header; it was cut off: copy it again")
        _, version, length, checksum = PREFIX.unpack(prefix)
        if version != VERSION:
            raise LanguageModelError(
                f"{path}: is a binary of version {version}, and this package reads version {VERSION}; "
                "make it again with 'asr lm build'"
            )
        content = file.read(length)
    if zlib.crc32(content) != checksum:
        raise LanguageModelError(f"{path}: its header is damaged; copy it again, or make it again with 'asr lm build'")
    return json.loads(content), PREFIX.size + length
