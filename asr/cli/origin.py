"""What a result card says of where it comes from: the command, the files, versions and machine."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from asr import __version__

PACKAGES = ("numpy", "onnxruntime", "rapidfuzz", "numba")
ARGUMENTS = "asr.arguments"  # of the command line, in the context of click


def made() -> dict[str, Any]:
    """Return the command that is running, and when and with what it runs."""
    from asr.machine import hardware, versions

    arguments = click.get_current_context().meta.get(ARGUMENTS, ())
    return {
        "command": shlex.join(["asr", *arguments]),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "versions": versions(*PACKAGES),
        "hardware": hardware(),
    }


def digests(paths: Mapping[str, Path | None]) -> dict[str, dict[str, str]]:
    """Return name and SHA-256 of each file that is given."""
    return {name: {"name": path.name, "sha256": sha256(path)} for name, path in paths.items() if path is not None}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of the shards of a manifest one after the other."""
    if not path.is_file():
        from asr import manifest

        return manifest.sha256(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
