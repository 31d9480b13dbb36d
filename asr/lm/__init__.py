"""N-gram language models: read from ARPA files, kept in binaries that are mapped into memory, and queried."""

from __future__ import annotations

from pathlib import Path

from asr.files import existing_file
from asr.lm import arpa, binary
from asr.lm.model import LanguageModel

__all__ = ["LanguageModel", "load"]


def load(path: str | Path) -> LanguageModel:
    """Return the model of a file, told apart by its content: a binary of ours, or ARPA, plain or gzip.

    Raises MissingFile, and LanguageModelError for a file that is neither or is damaged.
    """
    path = existing_file(path, "language model")
    return binary.open(path) if binary.is_binary(path) else arpa.read(path)
