"""What several formats ask of the audio paths and the extra keys of an utterance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from asr import tars
from asr.errors import ManifestError
from asr.types import Utterance


def on_disk(utterance: Utterance, tool: str) -> Path:
    """Return the path of the audio; ManifestError where it lies in an archive, which the tool would not find."""
    if tars.split(utterance.audio):
        raise ManifestError(
            f"utterance {utterance.id!r}: {utterance.audio} lies in a tar archive, where {tool} does not look; "
            "convert to audiofolder, which unpacks it, and that to the other format"
        )
    return utterance.audio


def below(path: Path, folder: Path) -> str:
    """Return a path relative to a folder where it lies below it, and absolute elsewhere."""
    path, folder = path.resolve(), folder.resolve()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def extra(utterance: Utterance, own: Collection[str]) -> Mapping[str, object]:
    """Return the extra keys; ManifestError where one is a key of the format itself."""
    if clash := sorted(set(own) & set(utterance.extra)):
        raise ManifestError(f"utterance {utterance.id!r}: its extra key {clash[0]!r} is one of the format's; rename it")
    return utterance.extra
