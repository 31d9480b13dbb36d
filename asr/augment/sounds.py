"""Collections of sounds: the audio files of a folder, or a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from asr import audio, manifest
from asr.containers import AUDIO_SUFFIXES
from asr.errors import DataError
from asr.manifest.shards import shards
from asr.types import Utterance


def listed(path: Path) -> Sequence[Utterance]:
    """Return the sounds of a manifest, or of all audio files in a folder and below, in the order of their names.

    Raises MissingFile, DataError where there are none, and what `asr.audio.probe` and `asr.manifest.read` raise.
    """
    if path.is_dir():
        found: Sequence[Utterance] = [
            Utterance(name, file, "", audio.duration_s(file)) for name, file in files_in(path)
        ]
    else:
        found = manifest.indexed(_manifest(path))
    if not found:
        raise DataError(f"{path}: holds no sounds (files such as .wav, .flac, .ogg or .mp3); name another folder")
    return found


def files_in(folder: Path) -> list[tuple[str, Path]]:
    """Return the audio files in a folder and below, each behind its name from there, in the order of these."""
    files = (file for file in folder.rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES)
    return sorted((file.relative_to(folder).as_posix(), file) for file in files)


def digest(path: Path) -> str:
    """Return what tells a collection from another: SHA-256 of a manifest, or of the names and sizes of the files."""
    if not path.is_dir():
        return manifest.sha256(_manifest(path))
    names = "\n".join(f"{name} {file.stat().st_size}" for name, file in files_in(path))
    return hashlib.sha256(names.encode(errors="surrogateescape")).hexdigest()


def _manifest(path: Path) -> Path:
    shards(path, "folder of sounds or manifest")  # MissingFile says that a folder would do as well
    return path
